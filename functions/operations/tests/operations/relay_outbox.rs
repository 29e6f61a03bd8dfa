//! The schedule `relay-outbox`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use database::outbox::{Announcement, announce};
use domain::{Event, OrderId};
use runtime_api::{Function, schedule_event};
use serde_json::{Value, json};
use stage::Stage;

use crate::RELAY_OUTBOX;
use crate::broker::Broker;

/// One look into the outbox and no waiting.
pub(crate) const ONCE: &[(&str, &str)] = &[("RELAY_DRAIN_SECONDS", "0")];
/// The bound that the shop promises for the first event after a freeze.
const THAWS_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn relay(function: &Function) -> Value {
    function.invoke(&schedule_event()).await.unwrap()
}

pub(crate) fn report(published: usize, refused: usize) -> Value {
    json!({ "published": published, "refused": refused })
}

fn paid() -> Event {
    Event::OrderPaid {
        order_id: OrderId::new(),
    }
}

async fn put(stage: &Stage, announcements: &[Announcement]) {
    let now = stage.cause().at;
    announce(&mut stage.db.connect().await, now, "req-7", announcements)
        .await
        .unwrap();
}

pub(crate) async fn put_paid(stage: &Stage, orders: usize) {
    let announcements: Vec<Announcement> = (0..orders).map(|_| paid().into()).collect();
    put(stage, &announcements).await;
}

#[tokio::test]
async fn what_is_due_reaches_its_queue_and_leaves_the_outbox_and_the_rest_stays() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let order_id = OrderId::new();
    let later = Announcement::after(Duration::from_secs(600), Event::OrderExpired { order_id });
    put(&stage, &[Event::OrderPlaced { order_id }.into(), later]).await;
    let row = stage
        .row("SELECT message_id, occurred_at FROM outbox WHERE type = 'order.placed'")
        .await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, ONCE);

    assert_eq!(relay(&function).await, report(1, 0));
    assert_eq!(relay(&function).await, report(0, 0));

    let messages = broker.take("order_processing").await;
    assert_eq!(messages.len(), 1);
    let (body, properties) = (&messages[0]["body"], &messages[0]["properties"]);
    assert_eq!(messages[0]["key"], "order.placed");
    assert_eq!(
        (
            &body["id"],
            &body["type"],
            &body["version"],
            &body["attempt"]
        ),
        (
            &row["message_id"],
            &json!("order.placed"),
            &json!(1),
            &json!(1)
        )
    );
    assert_eq!(body["payload"], json!({ "order_id": order_id }));
    assert_eq!(
        (
            &properties["message_id"],
            &properties["type"],
            &properties["correlation_id"]
        ),
        (&row["message_id"], &json!("order.placed"), &json!("req-7"))
    );
    assert_eq!(
        (&properties["delivery_mode"], &properties["priority"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(stage.announced().await, ["order.expired"]);
}

#[tokio::test]
async fn two_relays_at_once_publish_each_message_once() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    put_paid(&stage, 700).await;
    let seconds = &[("RELAY_DRAIN_SECONDS", "1")];
    let one = broker.spawn(&stage, RELAY_OUTBOX, seconds);
    let other = broker.spawn(&stage, RELAY_OUTBOX, seconds);

    let (one, other) = tokio::join!(relay(&one), relay(&other));

    let published = one["published"].as_u64().unwrap() + other["published"].as_u64().unwrap();
    assert_eq!(published, 700, "{one} {other}");
    let messages = broker.take("order_processing").await;
    let ids: BTreeSet<String> = messages
        .iter()
        .map(|m| m["body"]["id"].to_string())
        .collect();
    assert_eq!((messages.len(), ids.len()), (700, 700));
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn what_is_announced_while_it_drains_goes_out_in_the_same_run() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, &[("RELAY_DRAIN_SECONDS", "3")]);

    let (answer, ()) = tokio::join!(relay(&function), async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        put_paid(&stage, 1).await;
    });

    assert_eq!(answer, report(1, 0));
    assert_eq!(broker.take("order_processing").await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn while_the_broker_is_away_messages_wait_and_nothing_is_lost() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let gate = broker.gate();
    let function = broker.spawn_behind(&gate, &stage, RELAY_OUTBOX, ONCE);
    put_paid(&stage, 3).await;

    gate.refuse();
    assert_eq!(relay(&function).await, report(0, 3));
    assert_eq!(
        stage
            .count("SELECT 1 FROM outbox WHERE claimed_until IS NULL")
            .await,
        3
    );

    gate.open();
    stage.let_messages_come_due().await;
    assert_eq!(relay(&function).await, report(3, 0));
    put_paid(&stage, 2).await;
    gate.cut();
    assert_eq!(
        relay(&function).await,
        report(2, 0),
        "a lost connection is made anew"
    );
    assert_eq!(broker.take("order_processing").await.len(), 5);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_message_that_no_queue_takes_stays_and_does_not_hold_up_the_others() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    stage
        .execute(
            "INSERT INTO outbox (message_id, type, version, payload, correlation_id, occurred_at, available_at)
             VALUES (gen_random_uuid(), 'coupon.used', 1, '{}', 'r', now(), now() - interval '1 hour')",
        )
        .await;
    put_paid(&stage, 2).await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, ONCE);

    assert_eq!(relay(&function).await, report(2, 1));

    assert_eq!(broker.take("order_processing").await.len(), 2);
    assert_eq!(stage.announced().await, ["coupon.used"]);
}

#[tokio::test]
async fn what_a_dead_relay_had_claimed_goes_out_when_its_claim_has_run_out() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    put_paid(&stage, 2).await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, ONCE);

    stage
        .execute("UPDATE outbox SET claimed_until = now() + interval '30 seconds'")
        .await;
    assert_eq!(relay(&function).await, report(0, 0));
    stage
        .execute("UPDATE outbox SET claimed_until = now()")
        .await;
    assert_eq!(relay(&function).await, report(2, 0));
    assert_eq!(broker.take("order_processing").await.len(), 2);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_database_that_is_away_fails_the_round_and_not_the_function() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    put_paid(&stage, 1).await;
    let gate = stage.gate();
    let url = stage.url_behind(&gate, RELAY_OUTBOX);
    let changes = [ONCE[0], ("DATABASE_URL", url.as_str())];
    let function = broker.spawn(&stage, RELAY_OUTBOX, &changes);

    gate.refuse();
    assert!(function.invoke(&schedule_event()).await.is_err());
    gate.open();
    assert_eq!(relay(&function).await, report(1, 0));
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn what_the_broker_has_given_up_comes_to_where_staff_look() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let message = stage.a_message("order.paid", json!({ "order_id": OrderId::new() }));
    let body = String::from_utf8(message.to_bytes()).unwrap();
    broker.give_up("order_processing", &body).await;
    broker.give_up("notifications", "no envelope").await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, ONCE);

    assert_eq!(relay(&function).await, report(0, 0));

    let error = "the broker gave it up: delivered too often without an outcome; the consumer's log \
                 tells what it died of";
    let expected = [
        json!({ "queue": "order_processing", "type": "order.paid", "attempt": 1, "error": error }),
        json!({ "queue": "notifications", "type": null, "attempt": 1, "error": error }),
    ];
    assert_eq!(stage.dead_messages().await, expected);
    assert!(broker.take("order_processing.dead").await.is_empty());
    assert!(broker.take("notifications.dead").await.is_empty());

    stage.replay_dead_message_of(&message).await;
    assert_eq!(relay(&function).await, report(1, 0));
    let again = broker.take("order_processing").await;
    assert_eq!(again[0]["body"]["id"], json!(message.id));
}

/// Lambda freezes an instance between invocations; the broker gives up on a client whose heartbeats
/// stay away, and what lies between may forget the connection without telling either end.
#[tokio::test]
async fn after_thirty_seconds_frozen_the_next_round_ends_within_two() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let (intact, forgotten) = (broker.gate(), broker.gate());
    let functions =
        [&intact, &forgotten].map(|gate| broker.spawn_behind(gate, &stage, RELAY_OUTBOX, ONCE));
    for function in &functions {
        put_paid(&stage, 1).await;
        assert_eq!(relay(function).await, report(1, 0));
    }

    functions.iter().for_each(Function::pause);
    forgotten.abandon();
    tokio::time::sleep(Duration::from_secs(30)).await;
    functions.iter().for_each(Function::resume);

    for (index, function) in functions.iter().enumerate() {
        put_paid(&stage, 1).await;
        let begun = Instant::now();
        let answer = relay(function).await;
        let took = begun.elapsed();
        assert_eq!(answer, report(1, 0), "relay {index} after {took:?}");
        assert!(took < THAWS_WITHIN, "relay {index}: {took:?}");
    }
    assert_eq!(broker.take("order_processing").await.len(), 4);
    assert!(stage.announced().await.is_empty());
}
