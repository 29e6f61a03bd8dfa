//! One connection more than the broker takes (docs/connections.md).

use std::time::Duration;

use stage::Stage;

use crate::RELAY_OUTBOX;
use crate::broker::Broker;
use crate::relay_outbox::{ONCE, put_paid, relay, report};

#[tokio::test]
async fn a_relay_that_the_broker_does_not_let_in_keeps_its_messages_and_sends_them_later() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    broker.take_connections(1).await;
    let [inside, outside] = [(), ()].map(|()| broker.spawn(&stage, RELAY_OUTBOX, ONCE));
    put_paid(&stage, 1).await;
    assert_eq!(relay(&inside).await, report(1, 0));

    put_paid(&stage, 3).await;
    assert_eq!(relay(&outside).await, report(0, 3));
    assert_eq!(
        stage.count("SELECT 1 FROM outbox").await,
        3,
        "nothing is lost"
    );
    stage.let_messages_come_due().await;
    assert_eq!(relay(&inside).await, report(3, 0), "who is in goes on");

    // The other ends, and the place is free.
    put_paid(&stage, 2).await;
    drop(inside);
    for _ in 0..50 {
        stage.let_messages_come_due().await;
        if relay(&outside).await == report(2, 0) {
            // Looking into a queue takes a connection too.
            broker.take_connections(100).await;
            assert_eq!(broker.take("order_processing").await.len(), 6);
            assert!(stage.announced().await.is_empty());
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("it was never let in: {}", outside.logs().join("\n"));
}
