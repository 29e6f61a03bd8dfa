//! The edges as deployed: real binaries over the Runtime API.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::path::PathBuf;

use runtime_api::{Function, Message, rabbitmq_event, schedule_event};
use serde_json::{Value, json};

/// `cargo test` builds examples beside the tests' own folder.
fn example(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        path.exists(),
        "build it first: cargo build -p messaging --examples"
    );
    path
}

fn a_message(payload: &Value) -> Message {
    Message::event(&json!({
        "id": "0199b6a5-7d7e-7000-8000-000000000001", "type": "order.placed", "version": 1,
        "occurred_at": "2026-11-23T10:37:32Z", "correlation_id": "req-1", "payload": payload,
    }))
}

fn a_batch(messages: &[Message]) -> Value {
    rabbitmq_event("order_processing", "/", messages)
}

#[tokio::test]
async fn a_consumer_answers_for_its_batch() {
    let function = Function::spawn(example("consumer"), &[]);
    let batch = a_batch(&[
        a_message(&json!({})),
        a_message(&json!({"do": "fail"})),
        a_message(&json!({"do": "panic"})),
        Message::new("poison"),
    ]);
    let answer = function.invoke(&batch).await.unwrap();
    assert_eq!(answer, json!({"done": 1, "rescheduled": 2, "parked": 1}));
    assert!(function.is_alive(), "a panic must not end the environment");
}

#[tokio::test]
async fn a_batch_whose_failure_could_not_be_recorded_is_an_error_that_names_no_cause() {
    let function = Function::spawn(example("consumer"), &[]);
    let batch = a_batch(&[a_message(&json!({"do": "fail", "desk": "gone"}))]);
    let error = function.invoke(&batch).await.unwrap_err();
    assert_eq!(error.error_type, "Messaging.Unrecorded");
    assert!(!error.message.contains("no database"));
}

#[tokio::test]
async fn an_event_without_messages_is_not_acknowledged() {
    let function = Function::spawn(example("consumer"), &[]);
    assert!(function.invoke(&json!({"Records": []})).await.is_err());
}

#[tokio::test]
async fn a_scheduled_function_knows_how_long_it_may_run() {
    let function = Function::spawn(example("scheduled"), &[]);
    let answer = function.invoke(&schedule_event()).await.unwrap();
    assert!(
        (20..=30).contains(&answer["seconds_left"].as_u64().unwrap()),
        "{answer}"
    );
    assert!(answer["request_id"].is_string());
    let error = function.invoke(&json!({"do": "fail"})).await.unwrap_err();
    assert_eq!(error.message, "as asked");
}
