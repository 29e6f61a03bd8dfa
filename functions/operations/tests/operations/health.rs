//! `GET /api/health` and `GET /api/health/ready`.

use std::time::{Duration, Instant};

use domain::Permission;
use runtime_api::{Function, Gate, Request};
use stage::{Stage, assert_answer};

use crate::HEALTH;

/// The bound that the shop promises while its database is away. The function's own limit is 3 s; the
/// rest is what a busy machine may need to run it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

fn live() -> Request {
    Request::get("/api/health").route("/api/health")
}

fn ready(stage: &Stage) -> Request {
    let token = stage.staff_token("ada", &[Permission::ReadOperations]);
    crate::requests::ready().bearer(&token)
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
    assert_answer!("ready", function.send(ready(&stage)).await);
}

#[tokio::test]
async fn a_cache_that_is_away_is_shown_and_orders_are_still_taken() {
    let stage = Stage::set().await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    cache.refuse();
    assert_answer!("ready_without_cache", function.send(ready(&stage)).await);
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
        let away = function.send(ready(&stage)).await;
        let took = begun.elapsed();
        assert!(took < ANSWERS_WITHIN, "{took:?}");
        assert_answer!("ready_without_database", away);
        assert_eq!(function.send(live()).await.status, 200);
        database.open();
        assert_eq!(function.send(ready(&stage)).await.status, 200);
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
    let told = function.send(ready(&stage)).await.json();
    let age = told["outbox_age_seconds"].as_i64().unwrap();
    assert!((90..200).contains(&age), "{age}");
    assert_eq!(told["publishing"], "behind");
    assert_eq!(stage.announced().await, ["order.paid"]);
    assert_eq!(
        function.send(ready(&stage)).await.json()["publishing"],
        "up"
    );
}

#[tokio::test]
async fn messages_that_wait_for_a_decision_are_counted_and_the_servers_sessions_too() {
    let stage = Stage::set().await;
    stage
        .execute(
            "INSERT INTO dead_messages
                 (id, queue, attempt, body, error, parked_at, resolution, resolved_at, resolved_by, resolution_reason)
             VALUES (gen_random_uuid(), 'notifications', 1, '', '', now(), NULL, NULL, NULL, NULL),
                    (gen_random_uuid(), 'notifications', 1, 'x', '', now(), NULL, NULL, NULL, NULL),
                    (gen_random_uuid(), 'notifications', 1, 'y', '', now(), 'discarded', now(), 'ada', 'no')",
        )
        .await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    let told = function.send(ready(&stage)).await.json();
    assert_eq!(told["dead_messages"], 2);
    let count = |name: &str| told["database"][name].as_i64().unwrap();
    assert!(
        (1..=count("sessions_limit")).contains(&count("sessions")),
        "{told}"
    );
}

#[tokio::test]
async fn who_is_not_staff_is_refused_before_anything_is_asked() {
    let stage = Stage::set().await;
    let (database, cache) = (stage.gate(), cache());
    let function = spawn(&stage, &database, &cache);
    database.refuse();
    cache.refuse();
    assert_eq!(function.send(crate::requests::ready()).await.status, 401);
    assert_eq!(function.send(live()).await.status, 200);
}
