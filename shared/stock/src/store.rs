//! The SQL of stock.

use database::{DatabaseError, PgConnection};
use domain::{OrderId, ReservationStatus, Shortage};
use uuid::Uuid;

use crate::Wanted;

/// One statement, so that the level rows are locked for one flush and no round trip. `levels` locks
/// them in a fixed order and sees, after waiting, what the others left; `taken` spreads each line
/// over the locations by priority; every write is gated on nothing being `short`.
///
/// `raised` finds each row first as the statement's snapshot shows it, from before it waited, and Postgres
/// holds the table's CHECK against that row before it looks for the present one and begins again (READ
/// COMMITTED, ExecUpdate). Where stock was given back meanwhile, the sum would break the CHECK on the row
/// that is gone: the bound keeps it for that moment. On the row that is locked the sum is within it, because
/// `available` was read there.
pub(crate) async fn reserve(
    connection: &mut PgConnection,
    order: OrderId,
    status: ReservationStatus,
    wanted: &[Wanted],
) -> Result<Vec<Shortage>, DatabaseError> {
    let variants: Vec<Uuid> = wanted.iter().map(|w| w.variant.uuid()).collect();
    let quantities: Vec<i64> = wanted.iter().map(|w| w.quantity.get()).collect();
    let rows = sqlx::query!(
        r#"
        WITH wanted AS (
            SELECT variant_id, quantity
            FROM unnest($2::uuid[], $3::bigint[]) AS w (variant_id, quantity)
        ),
        levels AS MATERIALIZED (
            SELECT s.variant_id, s.location_id, l.priority,
                   s.on_hand + s.backorder_limit - s.reserved AS available
            FROM stock_levels s
            JOIN wanted w ON w.variant_id = s.variant_id
            JOIN locations l ON l.id = s.location_id AND l.active
            ORDER BY s.variant_id, s.location_id
            FOR UPDATE OF s
        ),
        ranked AS (
            SELECT levels.*, coalesce(sum(available) OVER (
                       PARTITION BY variant_id ORDER BY priority, location_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS taken_before
            FROM levels
            WHERE available > 0
        ),
        taken AS (
            SELECT r.variant_id, r.location_id,
                   least(r.available, w.quantity - r.taken_before) AS quantity
            FROM ranked r
            JOIN wanted w ON w.variant_id = r.variant_id
            WHERE w.quantity > r.taken_before
        ),
        short AS (
            SELECT w.variant_id, w.quantity,
                   coalesce(sum(greatest(l.available, 0)), 0)::bigint AS available
            FROM wanted w
            LEFT JOIN levels l ON l.variant_id = w.variant_id
            GROUP BY w.variant_id, w.quantity
            HAVING coalesce(sum(greatest(l.available, 0)), 0) < w.quantity
        ),
        granted AS (
            SELECT * FROM taken WHERE NOT EXISTS (SELECT FROM short)
        ),
        raised AS (
            UPDATE stock_levels s
            SET reserved = least(s.reserved + g.quantity, s.on_hand + s.backorder_limit),
                updated_at = now()
            FROM granted g
            WHERE s.variant_id = g.variant_id AND s.location_id = g.location_id
        ),
        promised AS (
            INSERT INTO stock_reservations AS r (order_id, variant_id, location_id, quantity, status)
            SELECT $1, variant_id, location_id, quantity, $4 FROM granted
            ON CONFLICT (order_id, variant_id, location_id) DO UPDATE
            SET quantity = excluded.quantity, status = excluded.status, updated_at = now()
            WHERE r.status = 'released'
        ),
        moved AS (
            INSERT INTO stock_movements (variant_id, location_id, kind, reserved, order_id, actor)
            SELECT variant_id, location_id, 'reserved', quantity, $1, 'checkout' FROM granted
        )
        SELECT variant_id AS "variant_id!", quantity AS "requested!", available AS "available!"
        FROM short
        ORDER BY variant_id
        "#,
        order.uuid(),
        &variants,
        &quantities,
        status.as_str(),
    )
    .fetch_all(connection)
    .await?;
    let shortage = |variant: Uuid, requested, available| Shortage {
        variant: variant.into(),
        requested,
        available,
    };
    Ok(rows
        .into_iter()
        .map(|r| shortage(r.variant_id, r.requested, r.available))
        .collect())
}

pub(crate) async fn commit(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE stock_reservations SET status = 'committed', updated_at = now()
        WHERE order_id = $1 AND status = 'held'
        "#,
        order.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the level rows in the fixed order, then moves counters, promises and movements together.
pub(crate) async fn release(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<i64, DatabaseError> {
    let pieces = sqlx::query_scalar!(
        r#"
        WITH given AS MATERIALIZED (
            SELECT r.variant_id, r.location_id, r.quantity
            FROM stock_levels s
            JOIN stock_reservations r USING (variant_id, location_id)
            WHERE r.order_id = $1 AND r.status IN ('held', 'committed')
            ORDER BY s.variant_id, s.location_id
            FOR UPDATE
        ),
        lowered AS (
            UPDATE stock_levels s
            SET reserved = s.reserved - g.quantity, updated_at = now()
            FROM given g
            WHERE s.variant_id = g.variant_id AND s.location_id = g.location_id
        ),
        released AS (
            UPDATE stock_reservations r
            SET status = 'released', updated_at = now()
            FROM given g
            WHERE r.order_id = $1 AND r.variant_id = g.variant_id AND r.location_id = g.location_id
        ),
        moved AS (
            INSERT INTO stock_movements (variant_id, location_id, kind, reserved, order_id, actor)
            SELECT variant_id, location_id, 'released', -quantity, $1, 'checkout' FROM given
        )
        SELECT coalesce(sum(quantity), 0)::bigint AS "pieces!" FROM given
        "#,
        order.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(pieces)
}
