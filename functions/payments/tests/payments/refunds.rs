//! Money that goes back, through the queue.

use std::time::Duration;

use messaging::Envelope;
use serde_json::{Value, json};
use stage::{Placed, Report, Stage};

use crate::requests::start;
use crate::{PROCESS_PAYMENT, QUEUE, START_PAYMENT};

/// An order whose two attempts were both paid and settled; the second one's reference, and the
/// message that its money must go back.
async fn paid_twice(stage: &Stage) -> (Placed, String, Vec<Envelope>) {
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let begin = stage.spawn(START_PAYMENT);
    let request = start(&order.number, "key-1", "card").bearer(&order.token);
    let second = begin.send(request).await.json();
    let reference = second["reference"].as_str().unwrap().to_owned();
    assert_eq!(stage.announced().await, ["payment.requested"]);
    stage.pay(order.page(), "success").await;
    stage
        .pay(second["authorization_url"].as_str().unwrap(), "success")
        .await;
    let process = stage.spawn(PROCESS_PAYMENT);
    for paid in [order.reference(), &reference] {
        let check = stage.a_message("payment.check", json!({ "reference": paid }));
        assert_eq!(stage.hand(&process, QUEUE, &[check]).await, Report::done(1));
    }
    let messages = stage.take_due(QUEUE).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(stage.announced().await, ["order.paid"]);
    (order, reference, messages)
}

async fn refunded(stage: &Stage) -> Value {
    stage.ledger().await["refunded"].clone()
}

#[tokio::test]
async fn what_was_paid_a_second_time_goes_back_once_and_its_payer_is_told() {
    let stage = Stage::set().await;
    let (_, second, messages) = paid_twice(&stage).await;
    let process = stage.spawn(PROCESS_PAYMENT);

    for _ in 0..3 {
        assert_eq!(
            stage.hand(&process, QUEUE, &messages).await,
            Report::done(1)
        );
    }
    assert_eq!(refunded(&stage).await, json!([[second, 1_200_000, "NGN"]]));
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "refund.check"
        ]
    );

    // The provider's stages take a minute each, a hundred milliseconds on this stage.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let refund = stage.row("SELECT id FROM refunds").await["id"].clone();
    let check = [stage.a_message("refund.check", json!({ "refund_id": refund }))];
    for _ in 0..2 {
        assert_eq!(stage.hand(&process, QUEUE, &check).await, Report::done(1));
    }
    let standing = stage
        .row("SELECT r.status, p.status AS payment, o.payment_status
              FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = r.order_id")
        .await;
    let expected =
        json!({ "status": "processed", "payment": "refunded", "payment_status": "paid" });
    assert_eq!(standing, expected);
    assert_eq!(
        stage
            .count("SELECT 1 FROM notifications WHERE kind = 'money_returned'")
            .await,
        2
    );
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_looked_for_before_it_is_asked_for_again() {
    let stage = Stage::set().await;
    let (_, second, messages) = paid_twice(&stage).await;
    let rule = json!({ "target": "paystack.refund", "action": "timeout_after_commit", "ms": 500 });
    stage.control(rule).await;
    let process = stage.spawn(PROCESS_PAYMENT);

    let put_off = Report {
        rescheduled: 1,
        ..Report::default()
    };
    assert_eq!(stage.hand(&process, QUEUE, &messages).await, put_off);
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));

    assert_eq!(refunded(&stage).await, json!([[second, 1_200_000, "NGN"]]));
    // By now the provider may be done with it; then there is nothing left to check.
    let mut announced = stage.announced().await;
    announced.retain(|kind| kind != "refund.check");
    assert_eq!(announced, ["notification.requested"; 2]);
}

#[tokio::test]
async fn a_refund_that_the_provider_did_not_take_is_asked_for_again() {
    let stage = Stage::set().await;
    let (_, second, messages) = paid_twice(&stage).await;
    let rule = json!({ "target": "paystack.refund", "action": "refuse", "status": 503 });
    stage.control(rule).await;
    let process = stage.spawn(PROCESS_PAYMENT);

    let put_off = Report {
        rescheduled: 1,
        ..Report::default()
    };
    assert_eq!(stage.hand(&process, QUEUE, &messages).await, put_off);
    assert_eq!(refunded(&stage).await, json!([]));
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));
    assert_eq!(refunded(&stage).await, json!([[second, 1_200_000, "NGN"]]));
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "refund.check"
        ]
    );
}
