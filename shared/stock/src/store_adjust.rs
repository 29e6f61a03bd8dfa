//! The SQL of adjustments.

use std::collections::BTreeMap;

use database::{DatabaseError, PgConnection};
use domain::{Cause, LocationId, VariantId};
use uuid::Uuid;

use crate::{Adjust, AdjustLine};

/// A shelf as it was found, locked, and whether every line may be made.
pub(crate) struct Moved {
    variant_id: Uuid,
    location_id: Uuid,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) backorder_limit: i64,
    pub(crate) allowed: bool,
}

impl Moved {
    pub(crate) fn shelf(&self) -> (VariantId, LocationId) {
        (self.variant_id.into(), self.location_id.into())
    }
}

fn variants(lines: &[AdjustLine]) -> Vec<Uuid> {
    lines.iter().map(|line| line.variant.uuid()).collect()
}

fn locations(lines: &[AdjustLine]) -> Vec<Uuid> {
    lines.iter().map(|line| line.location.uuid()).collect()
}

pub(crate) async fn skus(
    connection: &mut PgConnection,
    lines: &[AdjustLine],
) -> Result<BTreeMap<VariantId, String>, DatabaseError> {
    let rows = sqlx::query!(
        "SELECT id, sku FROM variants WHERE id = ANY($1)",
        &variants(lines)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.sku))
        .collect())
}

/// Locks locations against being changed, in the order of their ids; whether each is active.
pub(crate) async fn lock_locations(
    connection: &mut PgConnection,
    lines: &[AdjustLine],
) -> Result<BTreeMap<LocationId, bool>, DatabaseError> {
    let rows = sqlx::query!(
        "SELECT id, active FROM locations WHERE id = ANY($1) ORDER BY id FOR SHARE",
        &locations(lines),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.active))
        .collect())
}

/// In the fixed order, because a row that somebody else is just making is waited for.
pub(crate) async fn make_levels(
    connection: &mut PgConnection,
    lines: &[AdjustLine],
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO stock_levels (variant_id, location_id)
        SELECT variant_id, location_id
        FROM unnest($1::uuid[], $2::uuid[]) AS l (variant_id, location_id)
        ORDER BY variant_id, location_id
        ON CONFLICT DO NOTHING
        "#,
        &variants(lines),
        &locations(lines),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the level rows in the fixed order; every write is gated on no line taking more than may go.
/// Answers the levels as they were before. The bound in `counted` is for the moment in which the row is
/// not yet the one that is locked (see `store::reserve`).
pub(crate) async fn adjust(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &Adjust,
) -> Result<Vec<Moved>, DatabaseError> {
    let pieces: Vec<i64> = wish.lines.iter().map(|line| line.pieces.get()).collect();
    let moved = sqlx::query_as!(
        Moved,
        r#"
        WITH levels AS MATERIALIZED (
            SELECT s.variant_id, s.location_id, s.on_hand, s.reserved, s.backorder_limit, a.pieces
            FROM stock_levels s
            JOIN unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS a (variant_id, location_id, pieces)
                USING (variant_id, location_id)
            ORDER BY s.variant_id, s.location_id
            FOR UPDATE OF s
        ),
        judged AS (
            SELECT levels.*,
                   on_hand + pieces >= 0 AND reserved <= on_hand + pieces + backorder_limit AS allowed
            FROM levels
        ),
        granted AS (
            SELECT * FROM judged WHERE NOT EXISTS (SELECT FROM judged WHERE NOT allowed)
        ),
        counted AS (
            UPDATE stock_levels s
            SET on_hand = greatest(s.on_hand + g.pieces, s.reserved - s.backorder_limit, 0),
                updated_at = now()
            FROM granted g
            WHERE s.variant_id = g.variant_id AND s.location_id = g.location_id
        ),
        moved AS (
            INSERT INTO stock_movements
                (variant_id, location_id, kind, on_hand, reason, actor, adjustment_id)
            SELECT variant_id, location_id, $4, pieces, $5, $6, $7
            FROM granted
            ORDER BY variant_id, location_id
        )
        SELECT variant_id, location_id, on_hand, reserved, backorder_limit, allowed AS "allowed!"
        FROM judged
        "#,
        &variants(&wish.lines),
        &locations(&wish.lines),
        &pieces,
        wish.kind.movement().as_str(),
        wish.reason.as_str(),
        cause.actor,
        wish.id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(moved)
}
