//! Queue `payment_processing`: what the provider tells, what is due, what cannot be worked.

use paystack::Initialize;
use runtime_api::{Function, Message, rabbitmq_event};
use serde_json::{Value, json};
use stage::{Report, Stage};

use crate::requests::{charge_success, signed};
use crate::{NEVER_GIVEN_OUT, PROCESS_PAYMENT, QUEUE, WEBHOOK};

/// The provider tells something, and the consumer is handed the message of it.
async fn told(stage: &Stage, process: &Function, event: &Value) -> Report {
    let webhook = stage.spawn(WEBHOOK);
    assert_eq!(webhook.send(signed(event)).await.status, 200);
    stage.deliver(process, QUEUE).await
}

const PUT_OFF: Report = Report {
    done: 0,
    rescheduled: 1,
    parked: 0,
};

#[tokio::test]
async fn a_webhook_makes_the_provider_be_asked_and_the_order_paid_once() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let webhook = stage.spawn(WEBHOOK);
    webhook
        .send(signed(&charge_success(order.reference(), 1_200_000)))
        .await;
    let messages = stage.take_due(QUEUE).await;

    for _ in 0..3 {
        assert_eq!(
            stage.hand(&process, QUEUE, &messages).await,
            Report::done(1)
        );
    }

    let row = stage
        .row("SELECT payment_status, paid_at IS NOT NULL AS paid FROM orders")
        .await;
    assert_eq!(row, json!({ "payment_status": "paid", "paid": true }));
    let activity = stage.row("SELECT kind, alert FROM activity").await;
    assert_eq!(activity, json!({ "kind": "order_paid", "alert": false }));
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn what_a_webhook_says_is_not_believed() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let process = stage.spawn(PROCESS_PAYMENT);

    // Signed, and not true: nobody has paid. It may be ahead of the provider's books, for a while.
    let success = charge_success(order.reference(), 1_200_000);
    assert_eq!(told(&stage, &process, &success).await, PUT_OFF);
    for attempt in 2..4 {
        let waiting = stage.row("SELECT type, attempt FROM outbox").await;
        assert_eq!(
            waiting,
            json!({ "type": "paystack.event", "attempt": attempt })
        );
        stage.let_messages_come_due().await;
        assert_eq!(stage.deliver(&process, QUEUE).await, PUT_OFF);
    }
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));

    let row = stage.row("SELECT payment_status FROM orders").await;
    assert_eq!(row, json!({ "payment_status": "pending" }));
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn money_under_a_reference_that_is_not_ours_is_shown_to_staff_once() {
    let stage = Stage::set().await;
    let stray = Initialize {
        email: "eve@example.com",
        amount: 700_000,
        currency: "NGN",
        reference: "ord-0001",
        callback_url: None,
        channels: &[],
        metadata: None,
    };
    let opened = stage.resources.paystack.initialize(&stray).await.unwrap();
    stage.pay(&opened.authorization_url, "success").await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let webhook = stage.spawn(WEBHOOK);
    webhook
        .send(signed(&charge_success("ord-0001", 700_000)))
        .await;
    let messages = stage.take_due(QUEUE).await;

    for _ in 0..2 {
        assert_eq!(
            stage.hand(&process, QUEUE, &messages).await,
            Report::done(1)
        );
    }

    let noted = stage
        .row("SELECT reference, reason, amount, currency FROM unmatched_payments")
        .await;
    let expected = json!({ "reference": "ord-0001", "reason": "unknown_reference",
        "amount": 700_000, "currency": "NGN" });
    assert_eq!(noted, expected);
    let activity = stage.row("SELECT kind, alert FROM activity").await;
    assert_eq!(
        activity,
        json!({ "kind": "payment_unmatched", "alert": true })
    );

    // And a reference of our form that nobody has given out or paid is nothing at all.
    let nothing = charge_success(NEVER_GIVEN_OUT, 1);
    assert_eq!(told(&stage, &process, &nothing).await, Report::done(1));
    assert_eq!(stage.count("SELECT 1 FROM unmatched_payments").await, 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn disputes_and_rejected_transfers_alert_staff_once() {
    let stage = Stage::set().await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let webhook = stage.spawn(WEBHOOK);
    let dispute = json!({ "event": "charge.dispute.create", "data": {
        "id": 358_950, "status": "awaiting-merchant-feedback", "dueAt": "2026-12-01T18:00:00.000Z",
        "transaction": { "id": 5_991_760, "reference": NEVER_GIVEN_OUT } } });
    let rejected = json!({ "event": "bank.transfer.rejected", "data": {
        "bank_transfer": { "amount": "100", "transaction_id": "17", "message": "incorrect amount sent" } } });
    for event in [&dispute, &rejected] {
        webhook.send(signed(event)).await;
    }
    let messages = stage.take_due(QUEUE).await;

    for _ in 0..2 {
        assert_eq!(
            stage.hand(&process, QUEUE, &messages).await,
            Report::done(2)
        );
    }

    let alerts = stage
        .rows("SELECT kind, alert, detail->>'due_at' AS due FROM activity ORDER BY kind")
        .await;
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert_eq!(
        alerts[0],
        json!({ "kind": "bank_transfer_rejected", "alert": true, "due": null })
    );
    assert_eq!(alerts[1]["due"], "2026-12-01T18:00:00Z");
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_check_finds_money_whose_webhook_was_lost() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let check = || [stage.a_message("payment.check", json!({ "reference": order.reference() }))];

    assert_eq!(stage.hand(&process, QUEUE, &check()).await, Report::done(1));
    assert!(stage.announced().await.is_empty());
    stage.pay(order.page(), "late").await;
    assert_eq!(stage.hand(&process, QUEUE, &check()).await, Report::done(1));
    assert_eq!(stage.hand(&process, QUEUE, &check()).await, Report::done(1));
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn a_provider_that_fails_puts_the_message_off_under_the_same_id() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let away =
        json!({ "target": "paystack.verify", "action": "refuse", "status": 503, "times": 20 });
    stage.control(away).await;
    let check = stage.a_message("payment.check", json!({ "reference": order.reference() }));

    assert_eq!(
        stage
            .hand(&process, QUEUE, std::slice::from_ref(&check))
            .await,
        PUT_OFF
    );
    // Delivered twice by the broker: still one further attempt.
    assert_eq!(
        stage
            .hand(&process, QUEUE, std::slice::from_ref(&check))
            .await,
        PUT_OFF
    );
    let waiting = stage.row("SELECT message_id, attempt FROM outbox").await;
    assert_eq!(waiting, json!({ "message_id": check.id, "attempt": 2 }));

    stage
        .control(json!({ "target": "paystack.verify", "action": "refuse", "times": 0 }))
        .await;
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn a_message_that_can_never_be_worked_is_put_aside() {
    let stage = Stage::set().await;
    let process = stage.spawn(PROCESS_PAYMENT);
    let by_hand = |kind: &str, payload| Message::new(stage.a_message(kind, payload).to_bytes());
    let batch = [
        Message::new("not JSON"),
        by_hand("payment.check", json!({ "reference": "ord_0001" })),
        by_hand(
            "paystack.event",
            json!({ "webhook_id": uuid::Uuid::now_v7() }),
        ),
        by_hand(
            "refund.requested",
            json!({ "refund_id": uuid::Uuid::now_v7() }),
        ),
        by_hand("payment.requested", json!({ "reference": NEVER_GIVEN_OUT })),
        by_hand("order.placed", json!({ "order_id": uuid::Uuid::now_v7() })),
        by_hand("transfer.event", json!({})),
    ];

    let report = stage.hand_raw(&process, QUEUE, &batch).await;

    assert_eq!(
        report,
        Report {
            done: 0,
            rescheduled: 0,
            parked: 7
        }
    );
    let dead = stage.dead_messages().await;
    assert_eq!(dead.len(), 7);
    assert!(dead.iter().all(|row| row["queue"] == QUEUE), "{dead:?}");
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_batch_of_which_nothing_can_be_recorded_goes_back_to_the_broker() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    let gate = stage.gate();
    let process = stage.spawn_behind(&gate, PROCESS_PAYMENT);
    let check = stage.a_message("payment.check", json!({ "reference": order.reference() }));
    let event = rabbitmq_event(QUEUE, "/", &[Message::new(check.to_bytes()).redelivered()]);

    gate.refuse();
    let refused = process.invoke(&event).await.unwrap_err();
    assert_eq!(refused.error_type, "Messaging.Unrecorded");
    gate.open();
    assert!(process.invoke(&event).await.is_ok());
    assert_eq!(stage.announced().await, ["order.paid"]);
}
