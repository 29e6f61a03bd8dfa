//! `GET /api/health` and `GET /api/health/ready`.

use std::time::{Duration, Instant};

use runtime_api::{Function, Gate, Request};
use stage::{Stage, assert_answer};

use crate::HEALTH;

/// The bound that the shop promises while its database is away. The function's own limit is 3 s; the
/// rest is what a busy machine may need to run it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

fn live() -> Request {
    Request::get("/api/health").route("/api/health")
}

fn ready() -> Request {
    Request::get("/api/health/ready").route("/api/health/ready")
}

/// A gate in front of the running cache.
fn cache() -> Gate {
    let address = settings::read(|env| {
        let port = env.parsed_or("REDIS_PORT", 6379_u16);
        format!("{}:{port}", env.required("REDIS_HOST"))
    });
    Gate::to(address.expect("these tests need the running cache's settings: `cargo dev env`"))
}

fn spawn(stage: &Stage, database: &Gate, cache: &Gate) -> Function {
    let url = stage.url_behind(database, HEALTH);
    let port = cache.port().to_string();
    let changes = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_HOST", &cache.host()),
        ("REDIS_PORT", &port),
    ];
    Function::spawn(HEALTH, &stage.settings_with(HEALTH, &changes))
}

#[tokio::test]
async fn it_lives_and_is_ready_while_what_it_depends_on_is_there() {
    let stage = Stage::set().await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    assert_answer!("live", function.send(live()).await);
    assert_answer!("ready", function.send(ready()).await);
}

#[tokio::test]
async fn a_cache_that_is_away_is_shown_and_orders_are_still_taken() {
    let stage = Stage::set().await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    cache.refuse();
    assert_answer!("ready_without_cache", function.send(ready()).await);
}

#[tokio::test]
async fn without_its_database_it_lives_but_is_not_ready_and_recovers_by_itself() {
    let stage = Stage::set().await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    for hangs in [false, true] {
        if hangs {
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            database.freeze();
        } else {
            database.refuse();
        }
        let begun = Instant::now();
        let away = function.send(ready()).await;
        let took = begun.elapsed();
        assert!(took < ANSWERS_WITHIN, "{took:?}");
        assert_answer!("ready_without_database", away);
        assert_eq!(function.send(live()).await.status, 200);
        database.open();
        assert_eq!(function.send(ready()).await.status, 200);
    }
}

#[tokio::test]
async fn announcements_that_nobody_publishes_show_by_their_age() {
    let stage = Stage::set().await;
    stage
        .execute(
            "INSERT INTO outbox (message_id, type, version, payload, correlation_id, occurred_at, available_at)
             VALUES (gen_random_uuid(), 'order.paid', 1, '{}', 'r', now(), now() - interval '90 seconds')",
        )
        .await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    let age = function.send(ready()).await.json()["outbox_age_seconds"]
        .as_i64()
        .unwrap();
    assert!((90..200).contains(&age), "{age}");
    assert_eq!(stage.announced().await, ["order.paid"]);
}
