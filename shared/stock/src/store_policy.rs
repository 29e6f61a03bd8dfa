//! The SQL of policies.

use database::{DatabaseError, PgConnection, read_word};
use domain::{LocationId, VariantId};
use uuid::Uuid;

use crate::{Level, SetPolicy, VariantStock};

/// A level as it was found, locked, and whether the change may be made.
pub(crate) struct Policy {
    pub(crate) location_id: Uuid,
    pub(crate) low_stock_threshold: i64,
    pub(crate) backorder_limit: i64,
    pub(crate) allowed: bool,
}

impl Policy {
    pub(crate) fn threshold_after(&self, wish: &SetPolicy) -> i64 {
        let asked = wish.low_stock_threshold;
        asked.map_or(self.low_stock_threshold, |limit| limit.get())
    }

    pub(crate) fn limit_after(&self, wish: &SetPolicy) -> i64 {
        let asked = wish.backorder_limit;
        asked.map_or(self.backorder_limit, |limit| limit.get())
    }

    pub(crate) fn changes(&self, wish: &SetPolicy) -> bool {
        self.threshold_after(wish) != self.low_stock_threshold
            || self.limit_after(wish) != self.backorder_limit
    }
}

/// Locks a variant's row: of two who set its policy one waits, and then has a stale version.
pub(crate) async fn lock_version(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<i64>, DatabaseError> {
    let version = sqlx::query_scalar!(
        "SELECT version FROM variant_stock WHERE variant_id = $1 FOR UPDATE",
        variant.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(version)
}

pub(crate) async fn count_version(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE variant_stock SET version = version + 1 WHERE variant_id = $1",
        variant.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks one location, or all that are active, against being closed meanwhile; whether each is active.
pub(crate) async fn lock_locations(
    connection: &mut PgConnection,
    location: Option<LocationId>,
) -> Result<Vec<bool>, DatabaseError> {
    let active = sqlx::query_scalar!(
        r#"
        SELECT active FROM locations WHERE id = $1 OR ($1::uuid IS NULL AND active)
        ORDER BY id FOR SHARE
        "#,
        location.map(LocationId::uuid),
    )
    .fetch_all(connection)
    .await?;
    Ok(active)
}

pub(crate) async fn make_levels(
    connection: &mut PgConnection,
    variant: VariantId,
    location: Option<LocationId>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO stock_levels (variant_id, location_id)
        SELECT $1, id FROM locations WHERE id = $2 OR ($2::uuid IS NULL AND active)
        ORDER BY id
        ON CONFLICT DO NOTHING
        "#,
        variant.uuid(),
        location.map(LocationId::uuid),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the variant's level rows in the fixed order; nothing is written where a limit would be below
/// what is promised, nor where nothing changes. Answers the levels as they were before. The bound in
/// `changed` is for the moment in which the row is not yet the one that is locked (see `store::reserve`).
pub(crate) async fn set(
    connection: &mut PgConnection,
    wish: &SetPolicy,
) -> Result<Vec<Policy>, DatabaseError> {
    let levels = sqlx::query_as!(
        Policy,
        r#"
        WITH levels AS MATERIALIZED (
            SELECT s.variant_id, s.location_id, s.low_stock_threshold, s.backorder_limit,
                   coalesce($3, s.low_stock_threshold) AS threshold_after,
                   coalesce($4, s.backorder_limit) AS limit_after,
                   s.reserved <= s.on_hand + coalesce($4, s.backorder_limit) AS allowed
            FROM stock_levels s
            JOIN locations l ON l.id = s.location_id
            WHERE s.variant_id = $1 AND (s.location_id = $2 OR ($2::uuid IS NULL AND l.active))
            ORDER BY s.variant_id, s.location_id
            FOR UPDATE OF s
        ),
        changed AS (
            UPDATE stock_levels s
            SET low_stock_threshold = l.threshold_after,
                backorder_limit = greatest(l.limit_after, s.reserved - s.on_hand),
                updated_at = now()
            FROM levels l
            WHERE s.variant_id = l.variant_id AND s.location_id = l.location_id
              AND (l.low_stock_threshold, l.backorder_limit) <> (l.threshold_after, l.limit_after)
              AND NOT EXISTS (SELECT FROM levels WHERE NOT allowed)
        )
        SELECT location_id, low_stock_threshold, backorder_limit, allowed AS "allowed!" FROM levels
        "#,
        wish.variant.uuid(),
        wish.location.map(LocationId::uuid),
        wish.low_stock_threshold.map(|limit| limit.get()),
        wish.backorder_limit.map(|limit| limit.get()),
    )
    .fetch_all(connection)
    .await?;
    Ok(levels)
}

/// A variant's stock as it is.
pub(crate) async fn read(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<VariantStock, DatabaseError> {
    let about = sqlx::query!(
        r#"
        SELECT v.sku, s.version
        FROM variants v JOIN variant_stock s ON s.variant_id = v.id
        WHERE v.id = $1
        "#,
        variant.uuid(),
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"
        SELECT s.location_id, l.name, s.on_hand, s.reserved, s.backorder_limit, s.low_stock_threshold,
               s.availability AS "availability!"
        FROM stock_levels s JOIN locations l ON l.id = s.location_id
        WHERE s.variant_id = $1
        ORDER BY l.priority, l.id
        "#,
        variant.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let mut levels = Vec::with_capacity(rows.len());
    for row in rows {
        levels.push(Level {
            location: row.location_id.into(),
            location_name: row.name,
            on_hand: row.on_hand,
            reserved: row.reserved,
            backorder_limit: row.backorder_limit,
            low_stock_threshold: row.low_stock_threshold,
            availability: read_word(&row.availability)?,
        });
    }
    Ok(VariantStock {
        variant,
        sku: about.sku,
        version: about.version,
        levels,
    })
}
