//! The protocol, against an address that a stack gave.

use std::cell::Cell;

use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::custom_resource::Order;
use crate::serve::{WorkError, carry_out};

fn order(kind: &str, response_url: &str) -> Order {
    Order::of(&json!({
        "RequestType": kind,
        "ResponseURL": response_url,
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
        "RequestId": "order-1",
        "ResourceType": "Custom::Migration",
        "LogicalResourceId": "Migration",
        "PhysicalResourceId": "Migration",
        "ResourceProperties": { "Version": "7" },
    }))
    .expect("an order")
}

async fn stack(answers: impl IntoIterator<Item = u16>) -> MockServer {
    let server = MockServer::start().await;
    for status in answers {
        Mock::given(method("PUT"))
            .respond_with(ResponseTemplate::new(status))
            .up_to_n_times(1)
            .mount(&server)
            .await;
    }
    server
}

/// What the stack was told, each time.
async fn told(stack: &MockServer) -> Vec<Value> {
    let requests = stack.received_requests().await.unwrap_or_default();
    requests
        .iter()
        .map(|request| serde_json::from_slice(&request.body).expect("an answer in JSON"))
        .collect()
}

#[tokio::test]
async fn work_that_is_done_is_told_with_what_it_gave() {
    let stack = stack([200]).await;
    let work = async || Ok::<_, WorkError>(json!({ "Version": 8 }));
    let answer = carry_out(&order("Update", &stack.uri()), &work).await;
    assert_eq!(answer.unwrap(), json!({ "told": true }));
    let expected = json!({
        "Status": "SUCCESS",
        "PhysicalResourceId": "Migration",
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
        "RequestId": "order-1",
        "LogicalResourceId": "Migration",
        "Data": { "Version": 8 },
    });
    assert_eq!(told(&stack).await, [expected]);
    let requests = stack.received_requests().await.unwrap_or_default();
    let content_type = requests[0].headers.get("content-type");
    assert_eq!(content_type.map(|value| value.as_bytes()), Some(&b""[..]));
}

#[tokio::test]
async fn work_that_fails_is_told_with_its_reason_and_the_invocation_is_not_repeated() {
    let stack = stack([200]).await;
    let work = async || Err::<Value, WorkError>("a migration failed".into());
    let answer = carry_out(&order("Update", &stack.uri()), &work).await;
    assert_eq!(answer.unwrap(), json!({ "told": false }));
    let told = told(&stack).await;
    assert_eq!(told[0]["Status"], "FAILED");
    assert_eq!(told[0]["Reason"], "a migration failed");
    assert_eq!(told[0]["PhysicalResourceId"], "Migration");
}

#[tokio::test]
async fn the_end_of_a_stack_undoes_nothing() {
    let stack = stack([200]).await;
    let worked = Cell::new(false);
    let work = async || {
        worked.set(true);
        Ok::<_, WorkError>(json!({}))
    };
    carry_out(&order("Delete", &stack.uri()), &work)
        .await
        .unwrap();
    assert!(!worked.get());
    assert_eq!(told(&stack).await[0]["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_stack_that_does_not_listen_is_told_again() {
    let stack = stack([500, 503, 200]).await;
    let work = async || Ok::<_, WorkError>(json!({}));
    carry_out(&order("Create", &stack.uri()), &work)
        .await
        .unwrap();
    assert_eq!(told(&stack).await.len(), 3);
}

#[tokio::test]
async fn a_stack_that_cannot_be_told_makes_the_invocation_fail() {
    let stack = stack([500, 500, 500, 500]).await;
    let work = async || Ok::<_, WorkError>(json!({}));
    let answer = carry_out(&order("Create", &stack.uri()), &work).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn an_answer_goes_to_no_address_in_clear() {
    let work = async || Ok::<_, WorkError>(json!({}));
    let answer = carry_out(&order("Create", "http://cloudformation.test/"), &work).await;
    assert!(answer.is_err());
}

#[test]
fn an_invocation_by_hand_is_no_order() {
    assert!(Order::of(&json!({})).is_none());
    assert!(Order::of(&json!({ "source": "aws.scheduler" })).is_none());
}
