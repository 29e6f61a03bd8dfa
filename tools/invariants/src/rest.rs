//! I4 and I5: what holds once the shop has come to rest.

use sqlx::PgConnection;

use crate::CheckError;
use crate::rule::{Rule, rule};

pub(crate) async fn rules(
    connection: &mut PgConnection,
    poison: i64,
) -> Result<Vec<Rule>, CheckError> {
    let mut dead = rule(
        connection,
        "I5",
        "dead messages are only those that were poison",
        "SELECT format('%s %s: %s', queue, coalesce(type, 'unreadable'), error) AS violation
         FROM dead_messages WHERE resolution IS NULL",
    )
    .await?;
    if dead.checked == poison {
        dead.violations.clear();
    }
    Ok(vec![
        rule(
            connection,
            "I4",
            "every paid order's customer was told once on each channel",
            "SELECT CASE WHEN n.emails <> 1 OR n.texts <> 1
                 THEN format('order %s: %s receipts by e-mail, %s by SMS', o.number, n.emails, n.texts)
                 END AS violation
             FROM orders o
             CROSS JOIN LATERAL (
                 SELECT count(*) FILTER (WHERE channel = 'email') AS emails,
                        count(*) FILTER (WHERE channel = 'sms') AS texts
                 FROM notifications WHERE order_id = o.id AND kind = 'receipt') n
             WHERE o.payment_status IN ('paid', 'overpaid')",
        )
        .await?,
        // `process-order` has worked a message if and only if its inbox says so; other consumers know it
        // by the state of what it names.
        rule(
            connection,
            "I4",
            "every replayed message was worked, waits, or is dead again",
            "SELECT CASE WHEN NOT EXISTS (SELECT FROM inbox i WHERE i.message_id = d.message_id)
                 AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = d.message_id)
                 AND NOT EXISTS (SELECT FROM dead_messages later
                                 WHERE later.message_id = d.message_id AND later.attempt > d.attempt)
                 THEN format('%s %s, replayed at %s', type, message_id, resolved_at) END AS violation
             FROM dead_messages d
             WHERE resolution = 'replayed' AND queue = 'order_processing'
                 AND resolved_at > now() - interval '1 day'",
        )
        .await?,
        rule(
            connection,
            "I4",
            "nobody waits for a variant that was told to be back and can be bought",
            "SELECT CASE WHEN s.announced IN ('in_stock', 'low_stock') AND p.status = 'published'
                      AND p.published_at <= now() AND v.archived_at IS NULL
                 THEN format('variant %s: somebody has waited since %s', a.variant_id, a.created_at)
                 END AS violation
             FROM stock_alerts a
             JOIN variants v ON v.id = a.variant_id
             JOIN products p ON p.id = v.product_id
             LEFT JOIN variant_stock s ON s.variant_id = a.variant_id
             WHERE a.notified_at IS NULL",
        )
        .await?,
        rule(
            connection,
            "I4",
            "what was told of each variant's stock is what it is",
            "SELECT CASE WHEN s.announced <> o.offered
                 THEN format('variant %s: told %s, is %s', s.variant_id, s.announced, o.offered)
                 END AS violation
             FROM variant_stock s
             JOIN variants v ON v.id = s.variant_id AND v.archived_at IS NULL
             CROSS JOIN LATERAL (
                 SELECT CASE WHEN bool_or(availability = 'in_stock') THEN 'in_stock'
                             WHEN bool_or(availability = 'low_stock') THEN 'low_stock'
                             WHEN bool_or(availability = 'backorder') THEN 'backorder'
                             ELSE 'out_of_stock' END AS offered
                 FROM stock_levels l JOIN locations p ON p.id = l.location_id AND p.active
                 WHERE l.variant_id = s.variant_id) o
             WHERE s.announced IS NOT NULL",
        )
        .await?,
        rule(
            connection,
            "I5",
            "everything announced and due has been delivered",
            "SELECT format('%s, due since %s', type, now() - available_at) AS violation
             FROM outbox WHERE available_at <= now() - interval '5 seconds'",
        )
        .await?,
        rule(
            connection,
            "I5",
            "every message to a person has come to an end",
            "SELECT CASE WHEN status IN ('requested', 'sending')
                 THEN format('%s by %s: %s, %s tries, %s', kind, channel, status, attempts, error)
                 END AS violation
             FROM notifications",
        )
        .await?,
        rule(
            connection,
            "I5",
            "nothing waits past its time",
            "SELECT CASE WHEN status = 'open' AND payment_status IN ('unpaid', 'pending')
                 AND expires_at < now() - interval '3 minutes'
                 THEN format('order %s should have expired at %s', number, expires_at) END AS violation
             FROM orders",
        )
        .await?,
        rule(
            connection,
            "I5",
            "no session is idle in a transaction",
            "SELECT CASE WHEN state LIKE 'idle in transaction%' AND state_change < now() - interval '5 seconds'
                 THEN format('process %s since %s', pid, state_change) END AS violation
             FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await?,
        dead,
    ])
}
