//! The SQL of staff's lists. Filters vary, so the statements are put together, of fixed pieces and
//! bound values only.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, read_word};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    Level, LevelsFilter, ListedLevel, Movement, MovementPlace, MovementsFilter, Place,
    ReservationPlace, ReservationsFilter, ReservedPieces, Short,
};

#[derive(sqlx::FromRow)]
struct LevelRow {
    variant_id: Uuid,
    sku: String,
    product_id: Uuid,
    product_name: String,
    version: i64,
    location_id: Uuid,
    location_name: String,
    on_hand: i64,
    reserved: i64,
    backorder_limit: i64,
    low_stock_threshold: i64,
    availability: String,
}

pub(crate) async fn levels(
    connection: &mut PgConnection,
    filter: &LevelsFilter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ListedLevel>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_levels(&mut sql, filter, after, limit);
    let rows: Vec<LevelRow> = sql.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(ListedLevel::try_from).collect()
}

/// On the index of SKUs, level by level; or, where few levels are short, from the index of those.
pub(crate) fn push_levels(
    sql: &mut QueryBuilder<Postgres>,
    filter: &LevelsFilter,
    after: Option<&Place>,
    limit: i64,
) {
    sql.push(
        "SELECT s.variant_id, v.sku, v.product_id, p.name AS product_name, \
         coalesce(c.version, 1) AS version, s.location_id, l.name AS location_name, s.on_hand, \
         s.reserved, s.backorder_limit, s.low_stock_threshold, s.availability \
         FROM stock_levels s JOIN variants v ON v.id = s.variant_id \
         JOIN products p ON p.id = v.product_id JOIN locations l ON l.id = s.location_id \
         LEFT JOIN variant_stock c ON c.variant_id = s.variant_id \
         WHERE (v.archived_at IS NULL OR s.on_hand > 0 OR s.reserved > 0)",
    );
    match filter.location {
        Some(location) => sql.push(" AND s.location_id = ").push_bind(location.uuid()),
        None => sql.push(" AND l.active"),
    };
    match filter.short {
        Some(Short::Low) => {
            sql.push(" AND s.availability <> 'in_stock' AND v.archived_at IS NULL");
        }
        Some(Short::Out) => {
            sql.push(
                " AND s.availability <> 'in_stock' AND s.availability <> 'low_stock' \
                 AND v.archived_at IS NULL",
            );
        }
        None => {}
    }
    if let Some(sku) = &filter.sku {
        // Every SKU that begins so is below the prefix with a character that no SKU has.
        let end = format!("{}~", sku.as_str());
        sql.push(" AND v.sku COLLATE \"C\" >= ")
            .push_bind(sku.as_str().to_owned())
            .push(" AND v.sku COLLATE \"C\" < ")
            .push_bind(end);
    }
    if let Some(place) = after {
        // The first comparison is for the index, which knows no location.
        sql.push(" AND v.sku COLLATE \"C\" >= ")
            .push_bind(place.sku.as_str().to_owned())
            .push(" AND (v.sku COLLATE \"C\", s.location_id) > (")
            .push_bind(place.sku.as_str().to_owned())
            .push(", ")
            .push_bind(place.location.uuid())
            .push(")");
    }
    sql.push(" ORDER BY v.sku COLLATE \"C\", s.location_id LIMIT ")
        .push_bind(limit);
}

impl TryFrom<LevelRow> for ListedLevel {
    type Error = DatabaseError;

    fn try_from(row: LevelRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            variant: row.variant_id.into(),
            sku: row.sku,
            product: row.product_id.into(),
            product_name: row.product_name,
            version: row.version,
            level: Level {
                location: row.location_id.into(),
                location_name: row.location_name,
                on_hand: row.on_hand,
                reserved: row.reserved,
                backorder_limit: row.backorder_limit,
                low_stock_threshold: row.low_stock_threshold,
                availability: read_word(&row.availability)?,
            },
        })
    }
}

#[derive(sqlx::FromRow)]
struct MovementRow {
    id: i64,
    at: DateTime<Utc>,
    kind: String,
    variant_id: Uuid,
    sku: String,
    location_id: Uuid,
    location_name: String,
    on_hand: i64,
    reserved: i64,
    order_id: Option<Uuid>,
    adjustment_id: Option<Uuid>,
    reason: String,
    actor: String,
}

pub(crate) async fn movements(
    connection: &mut PgConnection,
    filter: &MovementsFilter,
    after: Option<MovementPlace>,
    limit: i64,
) -> Result<Vec<Movement>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_movements(&mut sql, filter, after, limit);
    let rows: Vec<MovementRow> = sql.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Movement::try_from).collect()
}

pub(crate) fn push_movements(
    sql: &mut QueryBuilder<Postgres>,
    filter: &MovementsFilter,
    after: Option<MovementPlace>,
    limit: i64,
) {
    sql.push(
        "SELECT m.id, m.at, m.kind, m.variant_id, v.sku, m.location_id, l.name AS location_name, \
         m.on_hand, m.reserved, m.order_id, m.adjustment_id, m.reason, m.actor \
         FROM stock_movements m JOIN variants v ON v.id = m.variant_id \
         JOIN locations l ON l.id = m.location_id WHERE true",
    );
    if let Some(variant) = filter.variant {
        sql.push(" AND m.variant_id = ").push_bind(variant.uuid());
    }
    if let Some(location) = filter.location {
        sql.push(" AND m.location_id = ").push_bind(location.uuid());
    }
    if let Some(kind) = filter.kind {
        // A word of ours, written out: only so can the index of staff's kinds serve.
        sql.push(" AND m.kind = '").push(kind.as_str()).push("'");
    }
    if let Some(adjustment) = filter.adjustment {
        sql.push(" AND m.adjustment_id = ")
            .push_bind(adjustment.uuid());
    }
    if let Some(from) = filter.from {
        sql.push(" AND m.at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        sql.push(" AND m.at < ").push_bind(to);
    }
    if let Some(place) = after {
        sql.push(" AND (m.at, m.id) < (")
            .push_bind(place.at)
            .push(", ")
            .push_bind(place.id)
            .push(")");
    }
    sql.push(" ORDER BY m.at DESC, m.id DESC LIMIT ")
        .push_bind(limit);
}

impl TryFrom<MovementRow> for Movement {
    type Error = DatabaseError;

    fn try_from(row: MovementRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            at: row.at,
            kind: read_word(&row.kind)?,
            variant: row.variant_id.into(),
            sku: row.sku,
            location: row.location_id.into(),
            location_name: row.location_name,
            on_hand: row.on_hand,
            reserved: row.reserved,
            order: row.order_id.map(Into::into),
            adjustment: row.adjustment_id.map(Into::into),
            reason: row.reason,
            actor: row.actor,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ReservationRow {
    order_id: Uuid,
    variant_id: Uuid,
    sku: String,
    location_id: Uuid,
    location_name: String,
    quantity: i64,
    status: String,
    updated_at: DateTime<Utc>,
}

pub(crate) async fn reservations(
    connection: &mut PgConnection,
    filter: &ReservationsFilter,
    after: Option<ReservationPlace>,
    limit: i64,
) -> Result<Vec<ReservedPieces>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_reservations(&mut sql, filter, after, limit);
    let rows: Vec<ReservationRow> = sql.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(ReservedPieces::try_from).collect()
}

pub(crate) fn push_reservations(
    sql: &mut QueryBuilder<Postgres>,
    filter: &ReservationsFilter,
    after: Option<ReservationPlace>,
    limit: i64,
) {
    sql.push(
        "SELECT r.order_id, r.variant_id, v.sku, r.location_id, l.name AS location_name, r.quantity, \
         r.status, r.updated_at \
         FROM stock_reservations r JOIN variants v ON v.id = r.variant_id \
         JOIN locations l ON l.id = r.location_id WHERE r.status IN ('held', 'committed')",
    );
    if let Some(variant) = filter.variant {
        sql.push(" AND r.variant_id = ").push_bind(variant.uuid());
    }
    if let Some(location) = filter.location {
        sql.push(" AND r.location_id = ").push_bind(location.uuid());
    }
    if let Some(order) = filter.order {
        sql.push(" AND r.order_id = ").push_bind(order.uuid());
    }
    if let Some(place) = after {
        sql.push(" AND (r.order_id, r.variant_id, r.location_id) < (")
            .push_bind(place.order.uuid())
            .push(", ")
            .push_bind(place.variant.uuid())
            .push(", ")
            .push_bind(place.location.uuid())
            .push(")");
    }
    sql.push(" ORDER BY r.order_id DESC, r.variant_id DESC, r.location_id DESC LIMIT ")
        .push_bind(limit);
}

impl TryFrom<ReservationRow> for ReservedPieces {
    type Error = DatabaseError;

    fn try_from(row: ReservationRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            order: row.order_id.into(),
            variant: row.variant_id.into(),
            sku: row.sku,
            location: row.location_id.into(),
            location_name: row.location_name,
            quantity: row.quantity,
            status: read_word(&row.status)?,
            since: row.updated_at,
        })
    }
}
