//! Functions that place and follow orders, whose secrets are rotated or do not come.

use std::time::Duration;

use runtime_api::{Function, Message, Mood, SecretsExtension, Spawn, rabbitmq_event};
use serde_json::{Value, json};
use stage::{PAYSTACK_KEY, Report, Stage};

use crate::requests::{a_wish, place};
use crate::{PLACE_ORDER, PROCESS_ORDER};

const SECRET: &str = "shop/paystack";
const QUEUE: &str = "order_processing";

/// An extension that holds Paystack's key.
fn extension_with(key: &str) -> SecretsExtension {
    let extension = SecretsExtension::start();
    extension.put(SECRET, json!({ "secret_key": key }));
    extension
}

/// A function that is told where Paystack's key is, and not the key. It has read its secrets, or has
/// given up waiting for them.
async fn start(stage: &Stage, binary: &str, extension: &SecretsExtension) -> Function {
    let mut settings = stage.settings(binary);
    settings.retain(|(name, _)| name != "PAYSTACK_SECRET_KEY");
    let function = Spawn::new(binary)
        .envs(&settings)
        .env("PAYSTACK_SECRET_KEY_SECRET", format!("{SECRET}#secret_key"))
        .envs(&extension.environment())
        .patience(Duration::from_secs(60))
        .start();
    function.started().await.unwrap();
    function
}

/// The provider refuses the former key. No order is lost by it, and the new key serves without a
/// deployment: the order that found out is paid by the link in its mail, the next one at once.
#[tokio::test]
async fn after_the_providers_key_was_rotated_orders_go_on() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let extension = extension_with("sk_test_of_last_year");
    let function = start(&stage, PLACE_ORDER, &extension).await;
    extension.put(SECRET, json!({ "secret_key": PAYSTACK_KEY }));

    let found_out = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(found_out.status, 201, "{}", found_out.text());
    assert_eq!(
        found_out.json()["payment"]["authorization_url"],
        Value::Null
    );

    let next = function.send(place("key-2", &a_wish(sandals))).await;
    assert_eq!(next.status, 201, "{}", next.text());
    assert_ne!(next.json()["payment"]["authorization_url"], Value::Null);
    assert_eq!(extension.asked(), 2);
    assert_eq!(stage.counters(sandals).await, (10, 4));
    assert_eq!(
        stage.announced().await,
        [["order.placed"; 2], ["stock.changed"; 2]].concat()
    );
}

/// What a batch met is rescheduled, and the next batch has the new key.
#[tokio::test]
async fn a_consumer_with_a_key_of_yesterday_reschedules_and_reads_the_new_one() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .unopened()
        .place()
        .await;
    let extension = extension_with("sk_test_of_last_year");
    let process = start(&stage, PROCESS_ORDER, &extension).await;
    extension.put(SECRET, json!({ "secret_key": PAYSTACK_KEY }));
    let placed = [stage.a_message("order.placed", json!({ "order_id": order.id }))];

    let met = stage.hand(&process, QUEUE, &placed).await;
    assert_eq!((met.done, met.rescheduled, met.parked), (0, 1, 0));
    assert_eq!(
        stage.announced().await,
        ["order.placed"],
        "its next attempt"
    );

    assert_eq!(stage.hand(&process, QUEUE, &placed).await, Report::done(1));
    let payment = stage.row("SELECT status FROM payments").await;
    assert_eq!(payment, json!({ "status": "open" }));
    assert_eq!(extension.asked(), 2);
    stage.announced().await;
}

/// Nothing can be worked or recorded, so the batch goes back to the queue whole.
#[tokio::test]
async fn a_batch_without_secrets_goes_back_to_the_queue_and_is_worked_when_they_come() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let extension = extension_with(PAYSTACK_KEY);
    extension.behave(Mood::Failing);
    let process = start(&stage, PROCESS_ORDER, &extension).await;
    let placed = [stage.a_message("order.placed", json!({ "order_id": order.id }))];

    let message = serde_json::from_slice(&placed[0].to_bytes()).unwrap();
    let event = rabbitmq_event(QUEUE, "/", &[Message::event(&message)]);
    let refused = process.invoke(&event).await.unwrap_err();
    assert_eq!(refused.error_type, "Messaging.Unrecorded");
    assert!(!refused.message.contains(PAYSTACK_KEY));
    assert_eq!(stage.count("SELECT 1 FROM inbox").await, 0);

    extension.behave(Mood::Well);
    assert_eq!(stage.hand(&process, QUEUE, &placed).await, Report::done(1));
    stage.announced().await;
}
