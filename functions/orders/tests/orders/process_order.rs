//! Queue `order_processing`.

use domain::Channel;
use runtime_api::Message;
use serde_json::json;
use stage::{Report, Stage};

use crate::PROCESS_ORDER;

const QUEUE: &str = "order_processing";

#[tokio::test]
async fn an_open_payment_of_a_placed_order_is_checked_later_and_a_repeat_does_nothing() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let process = stage.spawn(PROCESS_ORDER);
    let placed = [stage.a_message("order.placed", json!({ "order_id": order.id }))];

    for _ in 0..3 {
        assert_eq!(stage.hand(&process, QUEUE, &placed).await, Report::done(1));
    }
    // Twice in one batch as well: the copies are worked at the same time.
    let twice = [placed[0].clone(), placed[0].clone()];
    assert_eq!(stage.hand(&process, QUEUE, &twice).await, Report::done(2));

    assert_eq!(stage.announced().await, ["payment.check", "payment.check"]);
    assert_eq!(stage.count("SELECT 1 FROM notifications").await, 0);
    assert_eq!(stage.count("SELECT 1 FROM inbox").await, 1);
}

#[tokio::test]
async fn copies_of_one_message_in_one_batch_have_one_effect() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let process = stage.spawn(PROCESS_ORDER);
    let paid = stage.a_message("order.paid", json!({ "order_id": order.id }));
    let copies = vec![paid; 5];

    assert_eq!(stage.hand(&process, QUEUE, &copies).await, Report::done(5));

    assert_eq!(stage.announced().await, ["notification.requested"; 2]);
    assert_eq!(stage.count("SELECT 1 FROM activity").await, 1);
}

#[tokio::test]
async fn each_thing_that_happens_to_an_order_is_told_to_its_customer_in_its_own_words() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 20).await;
    let process = stage.spawn(PROCESS_ORDER);
    let underpaid = stage.an_order(sandals).place().await;
    stage.pay(underpaid.page(), "underpaid").await;
    let reference = &underpaid.attempt.as_ref().unwrap().reference;
    checkout::settle_payment(&stage.resources, &stage.cause(), reference)
        .await
        .unwrap();
    assert_eq!(stage.announced().await, ["order.underpaid"]);
    let rider = stage
        .an_order(sandals)
        .channel(Channel::OnDelivery)
        .place()
        .await;
    let order = stage.an_order(sandals).place().await;

    let cases = [
        ("order.paid", order.id, "receipt", vec!["email", "sms"]),
        (
            "order.underpaid",
            underpaid.id,
            "underpaid",
            vec!["email", "sms"],
        ),
        ("order.expired", order.id, "expired", vec!["email"]),
        (
            "order.placed",
            rider.id,
            "pay_on_delivery",
            vec!["email", "sms"],
        ),
    ];
    for (event, id, kind, channels) in cases {
        let message = stage.a_message(event, json!({ "order_id": id }));
        assert_eq!(
            stage.hand(&process, QUEUE, &[message]).await,
            Report::done(1)
        );
        let told = stage
            .rows(&format!(
                "SELECT channel, order_id FROM notifications WHERE kind = '{kind}' ORDER BY channel"
            ))
            .await;
        let expected: Vec<_> = channels
            .iter()
            .map(|channel| json!({ "channel": channel, "order_id": id }))
            .collect();
        assert_eq!(told, expected, "{event}");
    }
    let seen = stage
        .rows("SELECT kind, alert FROM activity WHERE kind LIKE 'order.%' ORDER BY id")
        .await;
    let kinds = [
        "order.paid",
        "order.underpaid",
        "order.expired",
        "order.placed",
    ];
    assert_eq!(
        seen,
        kinds.map(|kind| json!({ "kind": kind, "alert": false }))
    );
    assert_eq!(stage.announced().await, ["notification.requested"; 7]);
}

#[tokio::test]
async fn a_provider_that_fails_puts_the_message_off_under_the_same_id() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).unopened().place().await;
    let process = stage.spawn(PROCESS_ORDER);
    stage
        .control(json!({ "target": "paystack.initialize", "action": "refuse", "status": 503 }))
        .await;
    let placed = stage.a_message("order.placed", json!({ "order_id": order.id }));
    let put_off = Report {
        rescheduled: 1,
        ..Report::default()
    };
    assert_eq!(
        stage
            .hand(&process, QUEUE, std::slice::from_ref(&placed))
            .await,
        put_off
    );
    let waiting = stage
        .row("SELECT message_id, attempt, type, correlation_id FROM outbox")
        .await;
    let expected = json!({
        "message_id": placed.id, "attempt": 2, "type": "order.placed",
        "correlation_id": "req-by-hand",
    });
    assert_eq!(waiting, expected);

    stage
        .execute("UPDATE payments SET initialising_until = NULL")
        .await;
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "payment.check",
            "payment.check"
        ]
    );
}

#[tokio::test]
async fn a_message_that_can_never_be_worked_is_put_aside_and_does_not_hold_up_the_others() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let process = stage.spawn(PROCESS_ORDER);
    let as_message = |kind: &str, payload| {
        let body = stage.a_message(kind, payload).to_bytes();
        Message::event(&serde_json::from_slice(&body).unwrap())
    };
    let unknown_version = {
        let mut message = stage.a_message("order.paid", json!({ "order_id": order.id }));
        message.version = 9;
        Message::new(message.to_bytes())
    };
    let batch = [
        Message::new("not JSON"),
        Message::new(vec![0xff, 0x00]),
        Message::new(r#"{"type": "order.paid"}"#),
        as_message("order.teleported", json!({})),
        as_message("order.paid", json!({ "order_id": "x" })),
        as_message("order.paid", json!({ "order_id": uuid::Uuid::now_v7() })),
        as_message(
            "payment.check",
            json!({ "reference": "mr-0b2f9c1e-6f0a-4a53-9a50-1d2f3f6f2c11" }),
        ),
        unknown_version,
        as_message("order.paid", json!({ "order_id": order.id })).redelivered(),
    ];

    let report = stage.hand_raw(&process, QUEUE, &batch).await;

    assert_eq!(
        report,
        Report {
            done: 1,
            rescheduled: 0,
            parked: 8
        }
    );
    let dead = stage
        .rows("SELECT queue, type, attempt FROM dead_messages")
        .await;
    assert_eq!(dead.len(), 8, "{dead:?}");
    assert!(
        dead.iter()
            .all(|row| row["queue"] == QUEUE && row["attempt"] == 1)
    );
    assert_eq!(
        stage
            .count("SELECT 1 FROM dead_messages WHERE body = 'not JSON'::bytea")
            .await,
        1
    );
    assert_eq!(stage.announced().await, ["notification.requested"; 2]);
}

#[tokio::test]
async fn the_last_attempt_of_a_message_is_followed_by_none() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).unopened().place().await;
    let process = stage.spawn(PROCESS_ORDER);
    stage
        .control(json!({ "target": "paystack.initialize", "action": "refuse", "status": 503 }))
        .await;
    let placed = stage.a_message("order.placed", json!({ "order_id": order.id }));
    let last = placed.on_attempt(messaging::MAX_ATTEMPTS);

    let report = stage.hand(&process, QUEUE, &[last]).await;

    assert_eq!(
        report,
        Report {
            parked: 1,
            ..Report::default()
        }
    );
    let dead = stage.dead_messages().await;
    assert_eq!(
        (&dead[0]["type"], &dead[0]["attempt"]),
        (&json!("order.placed"), &json!(messaging::MAX_ATTEMPTS))
    );
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_dead_message_that_staff_replay_when_its_cause_is_mended_is_worked_once() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).unopened().place().await;
    let process = stage.spawn(PROCESS_ORDER);
    stage
        .control(json!({ "target": "paystack.initialize", "action": "refuse", "status": 503, "times": 1 }))
        .await;
    let placed = stage.a_message("order.placed", json!({ "order_id": order.id }));
    let last = placed.on_attempt(messaging::MAX_ATTEMPTS);
    stage
        .hand(&process, QUEUE, std::slice::from_ref(&last))
        .await;
    assert_eq!(stage.dead_messages().await.len(), 1);

    stage
        .execute("UPDATE payments SET initialising_until = NULL")
        .await;
    stage.replay_dead_message_of(&last).await;
    let again = stage.take_due(QUEUE).await;
    assert_eq!(stage.hand(&process, QUEUE, &again).await, Report::done(1));
    let announced = stage.announced().await;
    assert!(!announced.is_empty(), "its effect has happened");
    assert_eq!(stage.hand(&process, QUEUE, &again).await, Report::done(1));
    assert!(stage.announced().await.is_empty(), "and happens once");
    assert_eq!(stage.dead_messages().await.len(), 1);
}
