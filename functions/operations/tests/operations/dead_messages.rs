//! `/api/admin/dead-messages`: listed, replayed, discarded.

use std::collections::BTreeSet;

use desk::Desk;
use domain::{Clock, OrderId, Permission};
use messaging::{Envelope, FailureDesk};
use runtime_api::{Function, Request, schedule_event};
use serde_json::{Value, json};
use stage::{Stage, assert_answer};

use crate::broker::Broker;
use crate::requests::{discard, list, replay};
use crate::{ADMIN_DISCARD_MESSAGE, ADMIN_LIST_DEAD_MESSAGES, ADMIN_REPLAY_MESSAGE, RELAY_OUTBOX};

/// What the tests' staff use, by one who may do everything here.
struct Counter {
    list: Function,
    replay: Function,
    discard: Function,
    token: String,
}

impl Counter {
    fn open(stage: &Stage) -> Self {
        let both = [Permission::ReadOperations, Permission::WriteOperations];
        Self {
            list: stage.spawn(ADMIN_LIST_DEAD_MESSAGES),
            replay: stage.spawn(ADMIN_REPLAY_MESSAGE),
            discard: stage.spawn(ADMIN_DISCARD_MESSAGE),
            token: stage.staff_token("ada", &both),
        }
    }

    async fn ask(&self, function: &Function, request: Request) -> runtime_api::Response {
        function.send(request.bearer(&self.token)).await
    }

    async fn list(&self, query: &str) -> Value {
        let answer = self.ask(&self.list, list(query)).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()
    }

    async fn replay(&self, id: &str) -> runtime_api::Response {
        self.ask(&self.replay, replay(id)).await
    }

    async fn discard(&self, id: &str, body: &Value) -> runtime_api::Response {
        self.ask(&self.discard, discard(id, body)).await
    }
}

fn paid(stage: &Stage) -> Envelope {
    stage.a_message("order.paid", json!({ "order_id": OrderId::new() }))
}

async fn park(stage: &Stage, body: &[u8], envelope: Option<&Envelope>) -> String {
    let desk = Desk::new(stage.db.database.clone(), Clock::system());
    desk.park("order_processing", body, envelope, "no such order")
        .await
        .unwrap();
    let newest = "SELECT id FROM dead_messages ORDER BY id DESC LIMIT 1";
    stage.row(newest).await["id"].as_str().unwrap().to_owned()
}

async fn parked(stage: &Stage) -> String {
    let message = paid(stage);
    park(stage, &message.to_bytes(), Some(&message)).await
}

fn code(answer: &runtime_api::Response) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

#[tokio::test]
async fn staff_see_what_is_dead_and_why_and_ids_only() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    parked(&stage).await;
    park(&stage, b"{\"name\": \"Ada Obi\"}", None).await;
    let named = stage.a_message(
        "order.paid",
        json!({ "order_id": OrderId::new(), "name": "Ada Obi" }),
    );
    park(&stage, &named.to_bytes(), Some(&named)).await;

    let answer = counter.ask(&counter.list, list("")).await;
    assert!(!answer.text().contains("Obi"), "{}", answer.text());
    assert_answer!("listed", answer);
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_messages_arrive() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let mut there = BTreeSet::new();
    for _ in 0..5 {
        there.insert(parked(&stage).await);
    }
    let (mut met, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = counter.list(&query).await;
        let ids = page["items"].as_array().unwrap().iter();
        met.extend(ids.map(|item| item["id"].as_str().unwrap().to_owned()));
        parked(&stage).await;
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(
        (met.len(), met.into_iter().collect::<BTreeSet<_>>()),
        (5, there)
    );
}

#[tokio::test]
async fn a_list_is_narrowed_by_state_queue_and_type() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let (open, replayed, discarded) = (
        parked(&stage).await,
        parked(&stage).await,
        parked(&stage).await,
    );
    assert_eq!(counter.replay(&replayed).await.status, 200);
    let reason = json!({ "reason": "by hand" });
    assert_eq!(counter.discard(&discarded, &reason).await.status, 200);
    for (query, expected) in [
        ("?state=open", vec![&open]),
        ("?state=replayed", vec![&replayed]),
        ("?state=discarded&type=order.paid", vec![&discarded]),
        (
            "?queue=order_processing&limit=100",
            vec![&discarded, &replayed, &open],
        ),
        ("?queue=notifications", vec![]),
        ("?type=order.placed", vec![]),
    ] {
        let page = counter.list(query).await;
        let ids: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].clone())
            .collect();
        assert_eq!(json!(ids), json!(expected), "{query}");
    }
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn every_fault_of_a_list_is_told_at_once() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let query = "?state=dead&queue=orders&type=%00&limit=101&cursor=!&page=2&state=open";
    assert_answer!(
        "list_at_fault",
        counter.ask(&counter.list, list(query)).await
    );
}

#[tokio::test]
async fn a_replayed_message_reaches_its_queue_again_as_itself() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let counter = Counter::open(&stage);
    let message = paid(&stage).on_attempt(2);
    let id = park(&stage, &message.to_bytes(), Some(&message)).await;

    assert_answer!("replayed", counter.replay(&id).await);
    let relay = broker.spawn(&stage, RELAY_OUTBOX, &[("RELAY_DRAIN_SECONDS", "0")]);
    relay.invoke(&schedule_event()).await.unwrap();

    let taken = broker.take("order_processing").await;
    let expected: Value = serde_json::from_slice(&message.on_attempt(21).to_bytes()).unwrap();
    assert_eq!((taken.len(), &taken[0]["body"]), (1, &expected));
    let row = stage
        .row("SELECT resolution, resolved_by, resolved_at FROM dead_messages")
        .await;
    assert_eq!(
        (&row["resolution"], &row["resolved_by"]),
        (&json!("replayed"), &json!("ada"))
    );
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn of_two_who_replay_at_once_one_wins_and_the_other_is_told() {
    let stage = Stage::set().await;
    let (one, other) = (Counter::open(&stage), Counter::open(&stage));
    for _ in 0..5 {
        let id = parked(&stage).await;
        let (one, other) = tokio::join!(one.replay(&id), other.replay(&id));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let refused = if one.status == 409 { one } else { other };
        assert_eq!(code(&refused).1, "already_replayed");
        assert_eq!(stage.announced().await, ["order.paid"]);
    }
}

#[tokio::test]
async fn what_was_decided_stays_decided() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let (replayed, discarded) = (parked(&stage).await, parked(&stage).await);
    let reason = json!({ "reason": "  sent by hand,\nticket 7 " });
    assert_eq!(counter.replay(&replayed).await.status, 200);
    let first = counter.discard(&discarded, &reason).await;
    assert_eq!(first.json()["decision"]["reason"], "sent by hand, ticket 7");
    let before = stage.fingerprints().await;

    assert_answer!("replayed_twice", counter.replay(&replayed).await);
    assert_answer!(
        "replayed_after_discarding",
        counter.replay(&discarded).await
    );
    let again = counter.discard(&replayed, &reason).await;
    assert_eq!(code(&again), (409, json!("already_replayed")));
    let again = counter.discard(&discarded, &reason).await;
    assert_eq!(code(&again), (409, json!("already_discarded")));

    assert_eq!(stage.fingerprints().await, before);
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn what_is_no_event_is_not_replayed_and_can_be_discarded() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let unroutable = stage.a_message("coupon.used", json!({}));
    let unstorable = stage.a_message("order.paid", json!({ "note": "\0" }));
    for id in [
        park(&stage, b"\0\xFF not JSON", None).await,
        park(&stage, &unroutable.to_bytes(), Some(&unroutable)).await,
        park(&stage, &unstorable.to_bytes(), Some(&unstorable)).await,
    ] {
        let refused = counter.replay(&id).await;
        assert_answer!("not_replayable", refused);
        let reason = json!({ "reason": "made by hand, for a test" });
        assert_eq!(counter.discard(&id, &reason).await.status, 200);
    }
    assert_eq!(
        stage
            .count("SELECT FROM dead_messages WHERE resolution IS NULL")
            .await,
        0
    );
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn an_id_that_names_nothing_is_not_found() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let reason = json!({ "reason": "no" });
    for id in [
        "0190f5fe-7c00-7a00-8000-000000000001",
        "7",
        "%00",
        "..",
        "'--",
    ] {
        assert_eq!(
            code(&counter.replay(id).await),
            (404, json!("not_found")),
            "{id}"
        );
        let refused = counter.discard(id, &reason).await;
        assert_eq!(code(&refused), (404, json!("not_found")), "{id}");
    }
}

#[tokio::test]
async fn a_reason_is_required_and_nothing_else_is_taken() {
    let stage = Stage::set().await;
    let counter = Counter::open(&stage);
    let id = parked(&stage).await;
    let before = stage.fingerprints().await;
    let at_fault = counter
        .discard(
            &id,
            &json!({ "reason": " \n", "by": "chidi", "state": "open" }),
        )
        .await;
    assert_answer!("discard_at_fault", at_fault);
    for body in [
        json!({}),
        json!({ "reason": null }),
        json!({ "reason": 7 }),
        json!({ "reason": "x".repeat(501) }),
    ] {
        assert_eq!(
            code(&counter.discard(&id, &body).await),
            (422, json!("invalid_request"))
        );
    }
    let not_json = discard(&id, &json!({})).body("reason=no");
    assert_eq!(
        code(&counter.ask(&counter.discard, not_json).await),
        (400, json!("malformed_json"))
    );
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn without_a_database_nothing_is_decided_and_the_functions_recover() {
    let stage = Stage::set().await;
    let gate = stage.gate();
    let id = parked(&stage).await;
    let counter = Counter {
        list: stage.spawn_behind(&gate, ADMIN_LIST_DEAD_MESSAGES),
        replay: stage.spawn_behind(&gate, ADMIN_REPLAY_MESSAGE),
        ..Counter::open(&stage)
    };
    gate.refuse();
    assert_eq!(
        code(&counter.ask(&counter.list, list("")).await),
        (503, json!("unavailable"))
    );
    assert_eq!(
        code(&counter.replay(&id).await),
        (503, json!("unavailable"))
    );
    gate.open();
    assert_eq!(counter.replay(&id).await.status, 200);
    assert_eq!(counter.list("?state=open").await["items"], json!([]));
    assert_eq!(stage.announced().await, ["order.paid"]);
}
