//! The SQL of locations.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::LocationId;

use crate::{Location, LocationPlace, NewLocation};

pub(crate) async fn list(
    connection: &mut PgConnection,
    active: Option<bool>,
    after: Option<LocationPlace>,
    limit: i64,
) -> Result<Vec<Location>, DatabaseError> {
    let found = sqlx::query_as!(
        Location,
        r#"
        SELECT id, name, priority, active, version
        FROM locations
        WHERE ($1::boolean IS NULL OR active = $1)
          AND ($2::integer IS NULL OR (priority, id) > ($2, $3::uuid))
        ORDER BY priority, id
        LIMIT $4
        "#,
        active,
        after.map(|place| place.priority),
        after.map(|place| place.id.uuid()),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: LocationId,
    new: &NewLocation,
) -> Result<Location, DatabaseError> {
    let made = sqlx::query_as!(
        Location,
        r#"
        INSERT INTO locations (id, name, priority, active) VALUES ($1, $2, $3, $4)
        RETURNING id, name, priority, active, version
        "#,
        id.uuid(),
        new.name.as_str(),
        new.priority,
        new.active,
    )
    .fetch_one(connection)
    .await?;
    Ok(made)
}

/// Locks a location: nothing is put there, and no limit is set there, until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: LocationId,
) -> Result<Option<Location>, DatabaseError> {
    let location = sqlx::query_as!(
        Location,
        "SELECT id, name, priority, active, version FROM locations WHERE id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(location)
}

/// Under the location's lock: only an order could still change a counter, and one that finds nothing to
/// reserve changes none.
pub(crate) async fn is_empty(
    connection: &mut PgConnection,
    id: LocationId,
) -> Result<bool, DatabaseError> {
    let empty = sqlx::query_scalar!(
        r#"
        SELECT NOT EXISTS (
            SELECT FROM stock_levels
            WHERE location_id = $1 AND (on_hand <> 0 OR reserved <> 0 OR backorder_limit <> 0)
        ) AS "empty!"
        "#,
        id.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(empty)
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    wanted: &Location,
) -> Result<Location, DatabaseError> {
    let changed = sqlx::query_as!(
        Location,
        r#"
        UPDATE locations
        SET name = $2, priority = $3, active = $4, version = version + 1, updated_at = $5
        WHERE id = $1
        RETURNING id, name, priority, active, version
        "#,
        wanted.id.uuid(),
        wanted.name,
        wanted.priority,
        wanted.active,
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(changed)
}
