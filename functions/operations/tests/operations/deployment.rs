//! `migrate` and `declare-queues` as CloudFormation orders them: whatever happens, the stack is told.

use serde_json::{Value, json};
use stage::Stage;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::broker::Broker;
use crate::{DECLARE_QUEUES, MIGRATE};

/// Where a stack waits for its answer.
async fn stack() -> MockServer {
    let stack = MockServer::start().await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&stack)
        .await;
    stack
}

fn order(stack: &MockServer) -> Value {
    json!({
        "RequestType": "Update",
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:shop-migrate:live",
        "ResponseURL": stack.uri(),
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
        "RequestId": "order-1",
        "ResourceType": "Custom::Deployment",
        "LogicalResourceId": "Deployment",
        "PhysicalResourceId": "Deployment",
        "ResourceProperties": { "Version": "7" },
        "OldResourceProperties": { "Version": "6" },
    })
}

async fn told(stack: &MockServer) -> Vec<Value> {
    let requests = stack.received_requests().await.unwrap();
    let answer = |request: &wiremock::Request| serde_json::from_slice(&request.body).unwrap();
    requests.iter().map(answer).collect()
}

#[tokio::test]
async fn a_migrated_database_is_told_to_the_stack_with_its_version() {
    let (stage, stack) = (Stage::set().await, stack().await);
    let migrate = stage.spawn(MIGRATE);
    let answer = migrate.invoke(&order(&stack)).await;
    assert_eq!(answer, Ok(json!({ "told": true })));
    let told = told(&stack).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["Status"], "SUCCESS");
    let version = database::migrations::latest();
    assert_eq!(told[0]["Data"], json!({ "version": version }));
}

/// The first migration is to be applied, and its tables are in its way. The invocation itself
/// succeeds: Lambda would repeat it otherwise, and the stack is rolling back already.
#[tokio::test]
async fn a_failing_migration_is_told_with_its_reason_and_leaves_the_schema_as_it_was() {
    let (stage, stack) = (Stage::set().await, stack().await);
    stage
        .execute("DELETE FROM _sqlx_migrations WHERE version = 1")
        .await;
    let before = stage.fingerprints().await;
    let migrate = stage.spawn(MIGRATE);

    let answer = migrate.invoke(&order(&stack)).await;

    assert_eq!(answer, Ok(json!({ "told": false })));
    let told = told(&stack).await;
    assert_eq!(told[0]["Status"], "FAILED");
    let reason = told[0]["Reason"].as_str().unwrap();
    assert!(reason.contains("categories"), "{reason}");
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn declared_queues_and_a_broker_that_is_away_are_told_to_the_stack() {
    let (stage, stack) = (Stage::set().await, stack().await);
    let broker = Broker::empty(&stage).await;
    let gate = broker.gate();
    let declare = broker.spawn_behind(&gate, &stage, DECLARE_QUEUES, &[]);

    gate.refuse();
    declare.invoke(&order(&stack)).await.unwrap();
    assert_eq!(told(&stack).await[0]["Status"], "FAILED");

    gate.open();
    declare.invoke(&order(&stack)).await.unwrap();
    assert_eq!(told(&stack).await[1]["Status"], "SUCCESS");
    assert!(!broker.list("queues").await.is_empty());
}
