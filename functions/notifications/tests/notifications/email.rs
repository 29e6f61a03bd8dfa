//! Queue `notifications`, by e-mail.

use notifications::Channel::Email;
use serde_json::json;
use stage::{Report, insta, masked};

use crate::person::{EMAIL, a_receipt_is_due, standing};
use crate::{QUEUE, SEND};

const PUT_OFF: Report = Report {
    done: 0,
    rescheduled: 1,
    parked: 0,
};

#[tokio::test]
async fn a_receipt_arrives_once_as_html_and_text_however_often_its_message_does() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let send = stage.spawn(SEND);
    let messages = stage.take_due(QUEUE).await;

    for _ in 0..3 {
        assert_eq!(stage.hand(&send, QUEUE, &messages).await, Report::done(1));
    }

    let inbox = stage.inbox(EMAIL).await;
    assert_eq!(inbox.len(), 1);
    let mail = &inbox[0];
    let headers = &mail["headers"];
    insta::assert_json_snapshot!(
        "receipt",
        masked(&json!({
            "from": headers["From"], "to": headers["To"], "subject": mail["subject"],
            "text": mail["text"], "auto_submitted": headers["Auto-Submitted"],
        }))
    );
    insta::assert_snapshot!("receipt_html", masked(&mail["html"]).as_str().unwrap());
    let id = stage.row("SELECT id FROM notifications").await["id"].clone();
    assert!(
        headers["Message-ID"]
            .as_str()
            .unwrap()
            .contains(id.as_str().unwrap())
    );
    assert!(
        headers.get("List-Unsubscribe").is_none(),
        "a receipt is no marketing"
    );

    let expected = json!({ "status": "sent", "attempts": 1, "taken": true, "error": null });
    assert_eq!(standing(&stage).await, expected);
    let logs = send.logs().join("\n");
    assert!(!logs.contains(EMAIL) && !logs.contains("Allen"), "{logs}");
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn an_address_that_the_server_refuses_ends_the_message_with_the_reason() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let refuse = json!({ "target": "smtp", "action": "refuse", "status": 550, "times": 5 });
    stage.control(refuse).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));

    let row = standing(&stage).await;
    assert_eq!(
        (&row["status"], &row["attempts"]),
        (&json!("failed"), &json!(1))
    );
    let error = row["error"].as_str().unwrap();
    assert!(error.contains("550") && !error.contains(EMAIL), "{error}");
    assert!(stage.inbox(EMAIL).await.is_empty());
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_server_that_puts_us_off_gets_the_mail_later() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    stage
        .control(json!({ "target": "smtp", "action": "defer" }))
        .await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    assert_eq!(standing(&stage).await["status"], "requested");
    let waiting = stage.row("SELECT type, attempt FROM outbox").await;
    assert_eq!(
        waiting,
        json!({ "type": "notification.requested", "attempt": 2 })
    );

    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    let expected = json!({ "status": "sent", "attempts": 2, "taken": true, "error": null });
    assert_eq!(standing(&stage).await, expected);
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

/// No mail was on its way yet, so it is surely not sent: it goes out once.
#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_gets_the_mail_later() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    stage
        .control(json!({ "target": "smtp", "action": "hang" }))
        .await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_was_lost_with_its_connection_is_sent_again() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    stage
        .control(json!({ "target": "smtp", "action": "drop" }))
        .await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    assert!(stage.inbox(EMAIL).await.is_empty());
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    assert_eq!(stage.inbox(EMAIL).await.len(), 1);
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_arrived_unacknowledged_is_repeated_under_the_same_message_id() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let rule = json!({ "target": "smtp", "action": "timeout_after_commit", "ms": 300 });
    stage.control(rule).await;
    let send = stage.spawn(SEND);

    assert_eq!(stage.deliver(&send, QUEUE).await, PUT_OFF);
    stage.let_messages_come_due().await;
    assert_eq!(stage.deliver(&send, QUEUE).await, Report::done(1));
    let inbox = stage.inbox(EMAIL).await;
    assert_eq!(
        inbox.len(),
        2,
        "SMTP has no way to ask; the id lets readers show one"
    );
    assert_eq!(
        inbox[0]["headers"]["Message-ID"],
        inbox[1]["headers"]["Message-ID"]
    );
    assert!(stage.announced().await.is_empty());
}
