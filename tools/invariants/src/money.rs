//! I2: money, as the shop's own books have it.

use sqlx::PgConnection;

use crate::CheckError;
use crate::rule::{Rule, rule};

pub(crate) async fn rules(connection: &mut PgConnection) -> Result<Vec<Rule>, CheckError> {
    Ok(vec![
        rule(
            connection,
            "I2",
            "refunds never exceed what was captured",
            "SELECT CASE WHEN r.amount > coalesce(p.captured_amount, 0)
                 THEN format('payment %s: captured %s, going back %s', p.reference, p.captured_amount,
                             r.amount) END AS violation
             FROM payments p
             JOIN (SELECT payment_id, sum(amount) AS amount FROM refunds WHERE status <> 'failed'
                   GROUP BY 1) r ON r.payment_id = p.id",
        )
        .await?,
        rule(
            connection,
            "I2",
            "an order's payment status is what its payments add up to",
            "SELECT CASE
                 WHEN o.payment_status = 'paid' AND c.credited <> o.total
                      AND NOT EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id)
                   OR o.payment_status = 'underpaid' AND NOT c.credited BETWEEN 1 AND o.total - 1
                   OR o.payment_status = 'overpaid' AND c.credited <= o.total
                   OR o.payment_status IN ('unpaid', 'pending') AND c.credited <> 0
                 THEN format('order %s is %s: owed %s, credited %s', o.number, o.payment_status,
                             o.total, c.credited) END AS violation
             FROM orders o
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(received_amount), 0)::bigint AS credited
                 FROM payments WHERE order_id = o.id AND status = 'paid') c",
        )
        .await?,
        rule(
            connection,
            "I2",
            "money an order cannot keep has exactly one refund on its way",
            "SELECT CASE WHEN r.number <> 1 OR r.amount <> p.captured_amount
                 THEN format('payment %s is %s: captured %s, %s refunds of %s', p.reference, p.status,
                             p.captured_amount, r.number, r.amount) END AS violation
             FROM payments p
             CROSS JOIN LATERAL (
                 SELECT count(*) AS number, coalesce(sum(amount), 0) AS amount
                 FROM refunds WHERE payment_id = p.id AND reason IN ('duplicate', 'late')) r
             WHERE p.status = 'returning' OR r.number > 0",
        )
        .await?,
    ])
}
