//! Queue `notifications`: batches, copies, and what cannot be worked.

use notifications::Channel::{Email, Sms};
use runtime_api::Message;
use serde_json::json;
use stage::{Report, Stage};

use crate::person::{EMAIL, PHONE, a_receipt_is_due, tell};
use crate::{QUEUE, SEND};

#[tokio::test]
async fn an_occasion_is_told_once_in_each_way() {
    let (stage, order) = a_receipt_is_due(&[Email, Sms]).await;
    tell(&stage, &order, "occasion-1", &[Email, Sms]).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(2));

    assert_eq!(
        (
            stage.inbox(EMAIL).await.len(),
            stage.inbox(PHONE).await.len()
        ),
        (1, 1)
    );
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn copies_of_one_message_in_one_batch_are_sent_once() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let send = stage.spawn(SEND);
    let one = stage.take_due(QUEUE).await.remove(0);

    let report = stage.hand(&send, QUEUE, &vec![one; 5]).await;
    assert_eq!((report.done + report.rescheduled, report.parked), (5, 0));
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);

    // Whoever found somebody else at it comes again, and finds it done.
    stage.let_messages_come_due().await;
    let later = stage.deliver(&send, QUEUE).await;
    assert_eq!((later.rescheduled, later.parked), (0, 0));
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn one_recipient_that_fails_does_not_hold_up_the_others() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 50).await;
    for person in 0..6 {
        let email = format!("buyer{person}@example.com");
        let order = stage
            .an_order(sandals)
            .for_person(&email, "08031234567")
            .place()
            .await;
        tell(&stage, &order, &format!("occasion-{person}"), &[Email]).await;
    }
    let refused =
        json!({ "target": "smtp", "action": "refuse", "match": { "to": "buyer1@example.com" } });
    let deferred =
        json!({ "target": "smtp", "action": "defer", "match": { "to": "buyer2@example.com" } });
    stage.control(refused).await;
    stage.control(deferred).await;
    let send = stage.spawn(SEND);

    let report = stage.deliver(&send, QUEUE).await;

    assert_eq!(
        report,
        Report {
            done: 5,
            rescheduled: 1,
            parked: 0
        }
    );
    let standings = stage
        .rows("SELECT status, count(*) AS messages FROM notifications GROUP BY status ORDER BY status")
        .await;
    let expected = [("failed", 1), ("requested", 1), ("sent", 4)]
        .map(|(status, messages)| json!({ "status": status, "messages": messages }));
    assert_eq!(standings, expected);
    assert_eq!(stage.announced().await, ["notification.requested"]);
}

#[tokio::test]
async fn a_message_that_can_never_be_worked_is_put_aside() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let send = stage.spawn(SEND);
    let good = stage.take_due(QUEUE).await.remove(0);
    let by_hand = |kind: &str, payload| Message::new(stage.a_message(kind, payload).to_bytes());
    let batch = [
        Message::new("not JSON"),
        by_hand(
            "notification.requested",
            json!({ "notification_id": uuid::Uuid::now_v7() }),
        ),
        by_hand("notification.requested", json!({})),
        by_hand("order.paid", json!({ "order_id": uuid::Uuid::now_v7() })),
        Message::new(good.to_bytes()),
    ];

    let report = stage.hand_raw(&send, QUEUE, &batch).await;

    assert_eq!(
        report,
        Report {
            done: 1,
            rescheduled: 0,
            parked: 4
        }
    );
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);
    assert_eq!(stage.dead_messages().await.len(), 4);
    assert!(stage.announced().await.is_empty());
}
