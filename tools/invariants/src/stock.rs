//! I1: stock.

use sqlx::PgConnection;

use crate::CheckError;
use crate::rule::{Rule, rule};

pub(crate) async fn rules(connection: &mut PgConnection) -> Result<Vec<Rule>, CheckError> {
    Ok(vec![
        rule(
            connection,
            "I1",
            "the sum of movements is the counter, for every variant and location",
            "SELECT CASE WHEN l.on_hand <> coalesce(m.on_hand, 0) OR l.reserved <> coalesce(m.reserved, 0)
                 THEN format('variant %s: counters (%s, %s), movements (%s, %s)', l.variant_id,
                             l.on_hand, l.reserved, coalesce(m.on_hand, 0), coalesce(m.reserved, 0))
                 END AS violation
             FROM stock_levels l
             LEFT JOIN (SELECT variant_id, location_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved
                        FROM stock_movements GROUP BY 1, 2) m USING (variant_id, location_id)",
        )
        .await?,
        rule(
            connection,
            "I1",
            "the reservations in force are what is reserved",
            "SELECT CASE WHEN l.reserved <> coalesce(r.quantity, 0)
                 THEN format('variant %s: reserved %s, promised %s', l.variant_id, l.reserved,
                             coalesce(r.quantity, 0)) END AS violation
             FROM stock_levels l
             LEFT JOIN (SELECT variant_id, location_id, sum(quantity) AS quantity
                        FROM stock_reservations WHERE status IN ('held', 'committed')
                        GROUP BY 1, 2) r USING (variant_id, location_id)",
        )
        .await?,
        rule(
            connection,
            "I1",
            "nothing is negative or above its limit",
            "SELECT CASE WHEN on_hand < 0 OR reserved < 0 OR reserved > on_hand + backorder_limit
                 THEN format('variant %s: on hand %s, reserved %s, limit %s', variant_id, on_hand,
                             reserved, backorder_limit) END AS violation
             FROM stock_levels",
        )
        .await?,
        rule(
            connection,
            "I1",
            "an order's promises are what it bought, and follow its state",
            "SELECT CASE
                 WHEN o.status = 'open' AND r.in_force <> l.quantity
                     THEN format('order %s is open: bought %s, promised %s', o.number, l.quantity, r.in_force)
                 WHEN o.status IN ('expired', 'cancelled') AND r.in_force <> 0
                     THEN format('order %s is %s and keeps %s', o.number, o.status, r.in_force)
                 WHEN o.payment_status IN ('paid', 'overpaid', 'underpaid', 'on_delivery')
                      AND o.status = 'open' AND r.held > 0
                     THEN format('order %s is %s and its promise can run out', o.number, o.payment_status)
                 END AS violation
             FROM orders o
             JOIN (SELECT order_id, sum(quantity) AS quantity FROM order_lines GROUP BY 1) l
                 ON l.order_id = o.id
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(quantity) FILTER (WHERE status <> 'released'), 0) AS in_force,
                        coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held
                 FROM stock_reservations WHERE order_id = o.id) r",
        )
        .await?,
    ])
}
