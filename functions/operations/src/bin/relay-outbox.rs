//! Schedule, every minute: publishes what the outbox holds, for most of that minute; then brings what
//! the broker has given up to where staff look.

use std::time::{Duration, Instant};

use database::{Database, DatabaseError, PgConnection, dead, outbox};
use desk::Desk;
use domain::{Clock, chain};
use messaging::{Invocation, Publisher, RabbitSettings, StartError};
use serde_json::{Value, json};
use telemetry::metric;

/// Messages published at once.
const BATCH: i64 = 200;
/// How long a relay that has died keeps its messages from the others.
const LEASE: Duration = Duration::from_secs(30);
/// How often an empty outbox is looked into.
const PAUSE: Duration = Duration::from_millis(200);
/// How long messages wait that the broker did not take.
const RETRY: Duration = Duration::from_secs(1);
/// What is left of an invocation's time for its last batch.
const MARGIN: Duration = Duration::from_secs(8);

struct App {
    database: Database,
    publisher: tokio::sync::Mutex<Publisher>,
    rabbit: RabbitSettings,
    desk: Desk,
    drain: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    messaging::serve_scheduled("relay-outbox", |env| {
        let (database, rabbit) = (Database::read(env), RabbitSettings::read(env));
        let seconds = env.parsed_or("RELAY_DRAIN_SECONDS", 50_u64);
        let database = database?;
        let app = App {
            desk: Desk::new(database.clone(), Clock::system()),
            database,
            publisher: tokio::sync::Mutex::new(Publisher::lazy(rabbit.clone(), "relay-outbox")),
            rabbit,
            drain: Duration::from_secs(seconds),
        };
        Some(async move |tick: Invocation| Ok(handle(&app, &tick).await?))
    })
    .await
}

async fn handle(app: &App, tick: &Invocation) -> Result<Value, DatabaseError> {
    let time = tick
        .time_left()
        .map_or(app.drain, |left| app.drain.min(left.saturating_sub(MARGIN)));
    let until = Instant::now() + time;
    let (mut published, mut refused) = (0, 0);
    loop {
        let (taken, left) = relay(app).await?;
        published += taken;
        refused += left;
        if Instant::now() >= until {
            break;
        }
        if left > 0 || taken == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    bring_dead_letters(app).await;
    measure(&mut *app.database.connection().await?).await?;
    tracing::info!(published, refused, "relayed");
    Ok(json!({ "published": published, "refused": refused }))
}

/// Publishes one batch; answers how many the broker took and how many it did not. No transaction is
/// open while the broker is talked to.
async fn relay(app: &App) -> Result<(usize, usize), DatabaseError> {
    let due = outbox::claim(&mut *app.database.connection().await?, BATCH, LEASE).await?;
    if due.is_empty() {
        return Ok((0, 0));
    }
    let envelopes: Vec<_> = due.iter().map(desk::envelope).collect();
    let outcomes = app.publisher.lock().await.publish(&envelopes).await;
    let (mut confirmed, mut refused) = (Vec::new(), Vec::new());
    for (message, outcome) in due.iter().zip(&outcomes) {
        match outcome {
            Ok(()) => confirmed.push(desk::key(message)),
            Err(_) => refused.push(desk::key(message)),
        }
    }
    if let Some(error) = outcomes.into_iter().find_map(Result::err) {
        tracing::warn!(messages = refused.len(), error = %error, "the broker did not take messages");
    }
    let mut connection = app.database.connection().await?;
    outbox::remove(&mut connection, &confirmed).await?;
    if !refused.is_empty() {
        outbox::give_back(&mut connection, &refused, RETRY).await?;
    }
    let published = u64::try_from(confirmed.len()).unwrap_or_default();
    metrics::counter!(metric::MESSAGES_PUBLISHED).increment(published);
    // An invocation lasts for most of a minute; what it sent is not to be seen only then.
    telemetry::send_spans().await;
    Ok((confirmed.len(), refused.len()))
}

/// What a function died of again and again lies in a dead queue, where nobody looks. Failing at this
/// costs nothing but a minute: it lies there still when the next relay comes.
async fn bring_dead_letters(app: &App) {
    match messaging::collect_dead(&app.rabbit, &app.desk).await {
        Ok(0) => {}
        Ok(brought) => tracing::error!(brought, "the broker had given messages up"),
        Err(error) => tracing::warn!(error = chain(&error), "the dead queues were not emptied"),
    }
}

/// What only somebody who looks once a minute can say: how old the outbox is, and whether messages
/// wait for staff.
async fn measure(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let age = outbox::oldest_due(&mut *connection).await?;
    metrics::gauge!(metric::OUTBOX_AGE_SECONDS).set(exact(age));
    let open = dead::count_open(connection).await?;
    metrics::gauge!(metric::DEAD_MESSAGES).set(exact(open));
    Ok(())
}

/// Beyond four thousand million the alarm has long gone off.
fn exact(count: i64) -> f64 {
    f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
