//! `declare-queues`, invoked at deploy.

use runtime_api::schedule_event;
use serde_json::{Value, json};
use stage::{Stage, insta};

use crate::DECLARE_QUEUES;
use crate::broker::Broker;

async fn topology(broker: &Broker) -> Value {
    let brief = |queue: &Value| json!({ "name": queue["name"], "durable": queue["durable"], "arguments": queue["arguments"] });
    let mut queues: Vec<Value> = broker.list("queues").await.iter().map(brief).collect();
    queues.sort_by_key(|queue| queue["name"].to_string());
    let mut bindings: Vec<String> = broker
        .list("bindings")
        .await
        .iter()
        .filter(|binding| binding["source"] != "")
        .map(|binding| {
            let part = |name: &str| binding[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} -> {}",
                part("source"),
                part("routing_key"),
                part("destination")
            )
        })
        .collect();
    bindings.sort();
    json!({ "queues": queues, "bindings": bindings })
}

#[tokio::test]
async fn the_topology_is_declared_and_declaring_it_again_changes_nothing() {
    let stage = Stage::set().await;
    let broker = Broker::empty(&stage).await;
    let declare = broker.spawn(&stage, DECLARE_QUEUES, &[]);

    let answer = declare.invoke(&schedule_event()).await;
    assert_eq!(answer, Ok(json!({ "declared": true })));
    let declared = topology(&broker).await;
    insta::assert_json_snapshot!("topology", declared);

    assert_eq!(
        declare.invoke(&json!({})).await,
        Ok(json!({ "declared": true }))
    );
    assert_eq!(topology(&broker).await, declared);
}

#[tokio::test]
async fn a_broker_that_is_away_fails_the_deployment_and_not_the_function() {
    let stage = Stage::set().await;
    let broker = Broker::empty(&stage).await;
    let gate = broker.gate();
    let declare = broker.spawn_behind(&gate, &stage, DECLARE_QUEUES, &[]);
    gate.refuse();
    assert!(declare.invoke(&schedule_event()).await.is_err());
    gate.open();
    assert_eq!(
        declare.invoke(&schedule_event()).await,
        Ok(json!({ "declared": true }))
    );
}
