//! What runs the shop: the relay, the deploy hooks, health, and what staff do.

use domain::Permission::{ReadOperations, ReadOrders, WriteOperations};
use runtime_api::{Request, schedule_event};
use serde_json::json;
use shop_tests::Vhost;
use stage::Stage;
use uuid::Uuid;

use crate::instance::Lambda;

/// Puts an announcement into the outbox, as a use-case would.
async fn announce(stage: &Stage) {
    stage
        .execute(
            "INSERT INTO outbox (message_id, type, version, payload, correlation_id, occurred_at, available_at)
             VALUES (gen_random_uuid(), 'order.paid', 1, '{}', 'r', now(), now())",
        )
        .await;
}

pub(crate) async fn relay_outbox(lambda: Lambda) {
    let stage = Stage::set().await;
    let vhost = Vhost::create().await;
    messaging::declare(&vhost.settings)
        .await
        .expect("the queues are declared");
    let mut function = lambda.start_with(&stage, Some(&vhost)).await;
    let one = json!({ "published": 1, "refused": 0 });

    announce(&stage).await;
    assert_eq!(function.invoke(&schedule_event()).await, one);
    function.freeze().await;
    announce(&stage).await;
    assert_eq!(function.invoke(&schedule_event()).await, one);

    assert!(stage.announced().await.is_empty());
    assert_eq!(vhost.take("order_processing").await, 2);
    function.end();
}

pub(crate) async fn declare_queues(lambda: Lambda) {
    let stage = Stage::set().await;
    let vhost = Vhost::create().await;
    let mut function = lambda.start_with(&stage, Some(&vhost)).await;
    let declared = json!({ "declared": true });

    assert_eq!(function.invoke(&schedule_event()).await, declared);
    let queues = vhost.queues().await;
    for queue in &messaging::topology::QUEUES {
        assert!(
            queues.iter().any(|name| name == queue.name),
            "{} of {queues:?}",
            queue.name
        );
    }
    function.freeze().await;
    assert_eq!(function.invoke(&schedule_event()).await, declared, "again");
    assert_eq!(vhost.queues().await, queues);
    function.end();
}

pub(crate) async fn migrate(lambda: Lambda) {
    let stage = Stage::set().await;
    let tables = stage.fingerprints().await.into_keys().collect::<Vec<_>>();
    stage
        .execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await;
    let mut function = lambda.start(&stage).await;
    let latest = json!({ "version": database::migrations::latest() });

    assert_eq!(function.invoke(&json!({})).await, latest);
    function.freeze().await;
    assert_eq!(function.invoke(&json!({})).await, latest, "again");
    assert_eq!(
        stage.fingerprints().await.into_keys().collect::<Vec<_>>(),
        tables
    );
    function.end();
}

pub(crate) async fn health(lambda: Lambda) {
    let stage = Stage::set().await;
    let mut function = lambda.start(&stage).await;
    let token = stage.staff_token("ada", &[ReadOperations]);
    let ready = || {
        Request::get("/api/health/ready")
            .route("/api/health/ready")
            .bearer(&token)
    };

    let first = function.send(ready()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    for dependency in ["database", "cache"] {
        assert_eq!(
            first.json()[dependency]["status"],
            "up",
            "{dependency}: {}",
            first.text()
        );
    }
    function.freeze().await;
    let again = function.send(ready()).await;
    assert_eq!((again.status, &again.json()["status"]), (200, &json!("ok")));
    let live = function
        .send(Request::get("/api/health").route("/api/health"))
        .await;
    assert_eq!(live.json(), json!({ "status": "ok" }));
    function.end();
}

/// Two messages that nobody could work, both replayable; the ids that staff know them by, the older
/// first.
async fn dead_messages(stage: &Stage) -> [Uuid; 2] {
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    for id in ids {
        let message = stage.a_message("order.paid", json!({ "order_id": Uuid::now_v7() }));
        let body = String::from_utf8(message.to_bytes().to_vec()).expect("JSON");
        stage
            .execute(&format!(
                "INSERT INTO dead_messages (id, queue, message_id, type, attempt, body, error, parked_at)
                 VALUES ('{id}', 'order_processing', '{}', 'order.paid', 5, convert_to('{body}', 'UTF8'),
                         'no such order', now())",
                message.id
            ))
            .await;
    }
    ids
}

pub(crate) async fn admin_list_dead_messages(lambda: Lambda) {
    let stage = Stage::set().await;
    let [older, newer] = dead_messages(&stage).await.map(|id| json!(id));
    let token = stage.staff_token("ada", &[ReadOperations]);
    let mut function = lambda.start(&stage).await;
    let list = |query: &str| {
        let address = format!("/api/admin/dead-messages{query}");
        Request::get(&address).route("/api/admin/dead-messages")
    };

    let first = function.send(list("?limit=1").bearer(&token)).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let first = first.json();
    assert_eq!(
        (&first["items"][0]["id"], &first["items"][0]["replayable"]),
        (&newer, &json!(true))
    );
    function.freeze().await;
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = function
        .send(list(&format!("?limit=1&cursor={cursor}")).bearer(&token))
        .await;
    assert_eq!(second.json()["items"][0]["id"], older, "{}", second.text());
    assert_eq!(function.send(list("")).await.status, 401);
    function.end();
}

pub(crate) async fn admin_replay_message(lambda: Lambda) {
    let stage = Stage::set().await;
    let [older, newer] = dead_messages(&stage).await;
    let token = stage.staff_token("ada", &[WriteOperations]);
    let mut function = lambda.start(&stage).await;
    let replay = |id: Uuid| {
        let address = format!("/api/admin/dead-messages/{id}/replay");
        let request = Request::post(&address).route("/api/admin/dead-messages/{id}/replay");
        request.bearer(&token)
    };

    let first = function.send(replay(older)).await;
    assert_eq!(
        (first.status, &first.json()["state"]),
        (200, &json!("replayed")),
        "{}",
        first.text()
    );
    function.freeze().await;
    assert_eq!(
        function.send(replay(older)).await.json()["code"],
        "already_replayed"
    );
    let second = function.send(replay(newer)).await;
    assert_eq!(
        (second.status, &second.json()["state"]),
        (200, &json!("replayed"))
    );
    assert_eq!(stage.announced().await, ["order.paid"; 2]);
    function.end();
}

pub(crate) async fn admin_discard_message(lambda: Lambda) {
    let stage = Stage::set().await;
    let [older, newer] = dead_messages(&stage).await;
    let token = stage.staff_token("ada", &[WriteOperations]);
    let mut function = lambda.start(&stage).await;
    let discard = |id: Uuid| {
        let address = format!("/api/admin/dead-messages/{id}/discard");
        let request = Request::post(&address).route("/api/admin/dead-messages/{id}/discard");
        request
            .bearer(&token)
            .json(&json!({ "reason": "Done by hand." }))
    };

    let first = function.send(discard(older)).await;
    assert_eq!(
        (first.status, &first.json()["state"]),
        (200, &json!("discarded")),
        "{}",
        first.text()
    );
    function.freeze().await;
    let second = function.send(discard(newer)).await;
    assert_eq!(
        (second.status, &second.json()["state"]),
        (200, &json!("discarded"))
    );
    assert_eq!(
        stage
            .count("SELECT 1 FROM dead_messages WHERE resolution IS NULL")
            .await,
        0
    );
    assert!(stage.announced().await.is_empty());
    function.end();
}

/// Events of before events had a transaction, so that their ids are known.
pub(crate) async fn admin_stream_activity(lambda: Lambda) {
    let stage = Stage::set().await;
    let token = stage.staff_token("ada", &[ReadOrders]);
    let mut function = lambda.start(&stage).await;
    let tell = async |kind: &str| {
        let event =
            format!("INSERT INTO activity (kind, at, transaction) VALUES ('{kind}', now(), '0')");
        stage.execute(&event).await;
    };
    let follow = |query: &str| {
        let request = Request::get(&format!("/api/admin/activity{query}"));
        request.route("/api/admin/activity").bearer(&token)
    };

    tell("order_paid").await;
    let first = function.send(follow("")).await;
    assert!(first.text().contains("id: 0-1"), "{}", first.text());
    function.freeze().await;
    tell("payment_unmatched").await;
    let second = function.send(follow("?after=0-1")).await.text();
    assert!(
        second.contains("payment_unmatched") && !second.contains("order_paid"),
        "{second}"
    );
    function.end();
}
