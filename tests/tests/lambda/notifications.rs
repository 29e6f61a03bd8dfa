//! The notifications' function.

use checkout::tell_customer;
use notifications::Channel::{Email, Sms};
use notifications::Content;
use runtime_api::{Message, rabbitmq_event};
use serde_json::Value;
use stage::{Placed, Stage};

use crate::audience::{an_order, done};
use crate::instance::Lambda;

const QUEUE: &str = "notifications";

/// Requests the receipt of an order, as the shop does.
async fn ask_for_a_receipt(stage: &Stage, order: &Placed, channels: &[notifications::Channel]) {
    let mut tx = stage
        .resources
        .database
        .begin()
        .await
        .expect("a transaction");
    let (cause, sealer) = (stage.cause(), &stage.resources.sealer);
    let occasion = format!("{channels:?}");
    tell_customer(
        &mut tx,
        &cause,
        sealer,
        order.id,
        &occasion,
        channels,
        Content::Receipt,
    )
    .await
    .expect("it is requested");
    tx.commit().await.expect("it is committed");
}

async fn batch(stage: &Stage) -> Value {
    let due = stage.take_due(QUEUE).await;
    let message = |envelope: &messaging::Envelope| {
        Message::event(&serde_json::from_slice(&envelope.to_bytes()).expect("JSON"))
    };
    let messages: Vec<Message> = due.iter().map(message).collect();
    rabbitmq_event(QUEUE, "/", &messages)
}

pub(crate) async fn send_notification(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;

    ask_for_a_receipt(&stage, &order, &[Email]).await;
    assert_eq!(function.invoke(&batch(&stage).await).await, done(1));
    let mails = stage.inbox("ada@example.com").await;
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0]["text"]
            .as_str()
            .expect("a text")
            .contains(&order.number)
    );
    function.freeze().await;
    ask_for_a_receipt(&stage, &order, &[Sms]).await;
    assert_eq!(function.invoke(&batch(&stage).await).await, done(1));
    let texts = stage.inbox("+2348031234567").await;
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0]["text"]
            .as_str()
            .expect("a text")
            .contains(&order.number)
    );

    assert_eq!(
        stage
            .count("SELECT 1 FROM notifications WHERE status = 'sent'")
            .await,
        2
    );
    assert!(stage.announced().await.is_empty());
    function.end();
}
