//! Queue `notifications`, by SMS. Twilio is not idempotent.

use notifications::Channel::Sms;
use runtime_api::{Message, rabbitmq_event};
use serde_json::json;
use stage::{Report, Stage, insta, masked};

use crate::person::{PHONE, a_receipt_is_due, standing};
use crate::{QUEUE, SEND};

const PUT_OFF: Report = Report {
    done: 0,
    rescheduled: 1,
    parked: 0,
};

async fn misbehave(stage: &Stage, action: &str, times: u32) {
    let rule = json!({ "target": "twilio.messages", "action": action, "times": times, "ms": 300 });
    stage.control(rule).await;
}

#[tokio::test]
async fn a_receipt_arrives_once_however_often_its_message_does() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    let send = stage.spawn(SEND);
    let messages = stage.take_due(QUEUE).await;

    for _ in 0..3 {
        assert_eq!(stage.hand(&send, QUEUE, &messages).await, Report::done(1));
    }

    let inbox = stage.inbox(PHONE).await;
    assert_eq!(inbox.len(), 1);
    insta::assert_snapshot!("receipt_sms", masked(&inbox[0]["text"]).as_str().unwrap());
    assert_eq!(
        inbox[0]["headers"]["NumSegments"], "1",
        "plain letters are cheap"
    );
    let expected = json!({ "status": "sent", "attempts": 1, "taken": true, "error": null });
    assert_eq!(standing(&stage).await, expected);
    let logs = send.logs().join("\n");
    assert!(!logs.contains("8031234567"), "{logs}");
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn somebody_who_wants_no_messages_gets_none() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    stage
        .tell("/twilio/control/opt-out", &json!({ "to": PHONE }))
        .await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));

    let row = standing(&stage).await;
    assert_eq!(
        (&row["status"], &row["attempts"]),
        (&json!("failed"), &json!(1))
    );
    assert!(
        !row["error"].as_str().unwrap().contains("8031234567"),
        "{row}"
    );
    assert!(stage.inbox(PHONE).await.is_empty());
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_provider_that_limits_us_gets_the_message_later() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    let limited =
        json!({ "target": "twilio.messages", "action": "refuse", "status": 429, "times": 5 });
    stage.control(limited).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    stage
        .control(json!({ "target": "twilio.messages", "action": "refuse", "times": 0 }))
        .await;
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    assert_eq!(stage.inbox(PHONE).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_message_that_was_sent_without_an_answer_is_found_and_not_sent_again() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    misbehave(&stage, "timeout_after_commit", 1).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));

    assert_eq!(stage.inbox(PHONE).await.len(), 1);
    let expected = json!({ "status": "sent", "attempts": 2, "taken": true, "error": null });
    assert_eq!(standing(&stage).await, expected);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_message_that_was_not_sent_is_sent_once_more_and_then_given_up() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    misbehave(&stage, "hang", 2).await;
    let send = stage.spawn(SEND);

    for _ in 0..2 {
        assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
        stage.let_messages_come_due().await;
    }
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));

    assert_eq!(standing(&stage).await["status"], "failed");
    assert!(stage.inbox(PHONE).await.is_empty());
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_message_that_was_not_sent_is_sent_by_the_one_allowed_repeat() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    misbehave(&stage, "drop", 1).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    assert_eq!(stage.inbox(PHONE).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_message_whose_function_died_is_looked_for_before_it_is_sent_again() {
    let (stage, _) = a_receipt_is_due(&[Sms]).await;
    let rule = json!({ "target": "twilio.messages", "action": "timeout_after_commit" });
    stage.control(rule).await;
    let messages = stage.take_due(QUEUE).await;
    let dying = stage.spawn(SEND);
    let event = rabbitmq_event(QUEUE, "/", &[Message::new(messages[0].to_bytes())]);
    let (ended, ()) = tokio::join!(dying.invoke(&event), async {
        while stage.inbox(PHONE).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        dying.kill();
    });
    assert_eq!(ended.unwrap_err().error_type, "Runtime.ExitError");

    // The broker delivers it again. For all anybody knows it is still being sent.
    let send = stage.spawn(SEND);
    assert_eq!(stage.hand(&send, QUEUE, &messages).await, PUT_OFF);
    stage
        .execute("UPDATE notifications SET sending_since = sending_since - interval '2 minutes'")
        .await;
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    assert_eq!(stage.inbox(PHONE).await.len(), 1);
    assert_eq!(standing(&stage).await["status"], "sent");
    assert!(stage.announced().await.is_empty());
}
