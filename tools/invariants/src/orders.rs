//! I3: orders and the requests that made them.

use sqlx::PgConnection;

use crate::CheckError;
use crate::rule::{Rule, rule};

pub(crate) async fn rules(connection: &mut PgConnection) -> Result<Vec<Rule>, CheckError> {
    Ok(vec![
        rule(
            connection,
            "I3",
            "each idempotency key made exactly what it names, and nothing twice",
            "SELECT CASE
                 WHEN count(*) OVER (PARTITION BY resource_id) > 1 THEN format('%s: two keys', resource_id)
                 WHEN NOT EXISTS (SELECT FROM orders WHERE id = resource_id)
                      AND NOT EXISTS (SELECT FROM payments WHERE id = resource_id)
                      AND NOT EXISTS (SELECT FROM stock_movements WHERE adjustment_id = resource_id)
                     THEN format('%s: made nothing', resource_id) END AS violation
             FROM idempotency_keys",
        )
        .await?,
        rule(
            connection,
            "I3",
            "every order adds up and has its lines, its timeline and a way to be paid",
            "SELECT CASE
                 WHEN l.total IS DISTINCT FROM o.subtotal THEN format('order %s: lines %s, subtotal %s', o.number, l.total, o.subtotal)
                 WHEN NOT EXISTS (SELECT FROM order_events e WHERE e.order_id = o.id AND kind = 'placed')
                     THEN format('order %s: no timeline', o.number)
                 WHEN o.channel <> 'on_delivery' AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.id)
                     THEN format('order %s: no payment', o.number) END AS violation
             FROM orders o
             LEFT JOIN (SELECT order_id, sum(total) AS total FROM order_lines GROUP BY 1) l ON l.order_id = o.id",
        )
        .await?,
    ])
}
