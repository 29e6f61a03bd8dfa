//! The end of a rehearsal: everything comes to rest, and the books are checked.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use invariants::Report;
use sqlx::Connection as _;

use crate::environment::SECRETS;
use crate::load::{Memory, SoldOut};
use crate::scene::{Database, Scene};

const POLL: Duration = Duration::from_millis(250);

/// How many planted words are looked for in every row and every line.
const CANARIES: usize = 40;

/// A movement's time is its request's, which may be this much before its commit.
const COMMITTED_WITHIN: f64 = 5.0;

/// Lets the time to pay of these orders be over.
pub(crate) async fn let_time_run_out(
    database: &Database,
    numbers: &[String],
) -> anyhow::Result<()> {
    let mut connection = database.connect().await?;
    sqlx::query("UPDATE orders SET expires_at = now() - interval '1 minute' WHERE number = ANY($1) AND status = 'open'")
        .bind(numbers)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Orders that still wait for money.
pub(crate) async fn unpaid(database: &Database) -> anyhow::Result<Vec<String>> {
    database.texts("SELECT number FROM orders WHERE status = 'open' AND payment_status IN ('unpaid', 'pending')").await
}

/// Waits until nothing is on its way any more.
///
/// # Errors
/// With what is still there when patience ends.
pub(crate) async fn come_to_rest(scene: &Scene, patience: Duration) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let mut left = on_its_way(&scene.database).await?;
        left.extend(scene.vhost.not_empty().await?);
        // The relay and its like go on looking: only what customers asked for has to be done.
        if left.is_empty() {
            return Ok(began.elapsed());
        }
        ensure!(
            began.elapsed() < patience,
            "not at rest after {patience:?}: {}",
            left.join("; ")
        );
        tokio::time::sleep(POLL).await;
    }
}

/// Announcements that are due, messages not sent yet, refunds under way, orders past their time.
async fn on_its_way(database: &Database) -> anyhow::Result<Vec<String>> {
    let left = "SELECT format('outbox: %s %s', count(*), type) FROM outbox
                WHERE available_at <= now() + interval '3 seconds' GROUP BY type
                UNION ALL
                SELECT format('%s notifications %s', count(*), status) FROM notifications
                WHERE status IN ('requested', 'sending') GROUP BY status
                UNION ALL
                SELECT format('%s refunds %s', count(*), status) FROM refunds
                WHERE status IN ('requested', 'sending', 'pending') GROUP BY status
                UNION ALL
                SELECT format('%s orders past their time', count(*)) FROM orders
                WHERE status = 'open' AND payment_status IN ('unpaid', 'pending') AND expires_at < now()
                HAVING count(*) > 0";
    database.texts(left).await
}

/// What must hold at rest; in motion, what must hold always.
pub(crate) async fn check(scene: &Scene, at_rest: bool) -> anyhow::Result<Report> {
    let mut connection = scene.database.connect().await?;
    let report = if at_rest {
        let ledger = scene.standins.ledger().await?;
        invariants::check_at_rest(&mut connection, Some(&ledger), 0).await?
    } else {
        invariants::check(&mut connection, None).await?
    };
    connection.close().await?;
    Ok(report)
}

/// Looks for customers' words and the shop's secrets where they must not be: in rows and logs.
pub(crate) async fn check_privacy(
    scene: &Scene,
    memory: &Memory,
) -> anyhow::Result<(Report, Vec<String>)> {
    let words = memory.private(CANARIES);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut connection = scene.database.connect().await?;
    let report = invariants::check_canaries(&mut connection, &words).await?;
    connection.close().await?;
    words.extend(SECRETS);
    let mut told = Vec::new();
    for (name, side, fleet) in scene.traffic.fleets() {
        let lines = fleet.logs();
        let tells = words
            .iter()
            .any(|word| lines.iter().any(|line| line.contains(word)));
        if tells {
            told.push(format!("{side} {name} logs something private"));
        }
    }
    Ok((report, told))
}

/// Exactly one receipt for each order that its customer saw paid.
pub(crate) async fn check_receipts(
    scene: &Scene,
    memory: &Memory,
) -> anyhow::Result<(usize, Vec<String>)> {
    let receipts = scene.standins.receipts().await?;
    let payers = memory.payers();
    let wrong = payers.iter().filter_map(|payer| {
        let got = receipts.iter().filter(|to| *to == payer).count();
        (got != 1).then(|| format!("{got} receipts instead of one for {payer}"))
    });
    Ok((payers.len(), wrong.collect()))
}

/// Each refusal for want of stock, held against what the stock was at the time; answers how many
/// there were and those that were wrong.
pub(crate) async fn check_refusals(
    database: &Database,
    memory: &Memory,
) -> anyhow::Result<(usize, Vec<String>)> {
    let refusals = memory.refusals();
    let mut wrong = Vec::new();
    let mut connection = database.connect().await?;
    for refusal in &refusals {
        let least: Option<i64> = sqlx::query_scalar(
            "WITH history AS (
                 SELECT id, at, sum(on_hand - reserved) OVER (ORDER BY id)::bigint AS free
                 FROM stock_movements WHERE variant_id = $1::uuid),
             spans AS (SELECT free, at AS since, lead(at) OVER (ORDER BY id) AS until FROM history)
             SELECT min(free) FROM spans
             WHERE since <= to_timestamp($3) AND (until IS NULL OR until >= to_timestamp($2) - make_interval(secs => $4))",
        )
        .bind(&refusal.variant)
        .bind(seconds(refusal.began))
        .bind(seconds(refusal.ended))
        .bind(COMMITTED_WITHIN)
        .fetch_one(&mut connection)
        .await?;
        wrong.extend(unjust(refusal, least));
    }
    connection.close().await?;
    Ok((refusals.len(), wrong))
}

fn unjust(refusal: &SoldOut, least: Option<i64>) -> Option<String> {
    let SoldOut {
        variant, wanted, ..
    } = refusal;
    let least = least.unwrap_or_default();
    (least >= *wanted)
        .then(|| format!("{wanted} of {variant} were refused while {least} were there"))
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
