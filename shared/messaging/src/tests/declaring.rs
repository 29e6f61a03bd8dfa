use std::time::Duration;

use lapin::options::{BasicGetOptions, BasicNackOptions};

use super::an_event;
use super::consuming::{Desk, Note};
use super::vhost::Vhost;
use crate::declare::{Limits, declare_limited};
use crate::topology::QUEUES;
use crate::{DeclareError, Publisher, collect_dead, declare};

#[tokio::test]
async fn the_topology_can_be_declared_again_and_by_two_at_once() {
    let vhost = Vhost::new();
    let (one, two) = tokio::join!(declare(&vhost.settings), declare(&vhost.settings));
    one.unwrap();
    two.unwrap();
    declare(&vhost.settings).await.unwrap();
    let look = vhost.look().await;
    for queue in QUEUES {
        assert_eq!(look.length(queue.name).await, 0);
        assert_eq!(look.length(&queue.dead_queue()).await, 0);
    }
}

#[tokio::test]
async fn a_queue_that_exists_with_other_arguments_is_named() {
    let vhost = Vhost::new();
    declare(&vhost.settings).await.unwrap();
    let other = Limits {
        deliveries: 3,
        length: 10,
    };
    let error = declare_limited(&vhost.settings, other).await.unwrap_err();
    assert!(
        matches!(&error, DeclareError::Refused { what, .. } if what == "queue order_processing")
    );
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told_within_the_limit() {
    let vhost = Vhost::new();
    let gate = vhost.gate();
    gate.freeze();
    let begun = std::time::Instant::now();
    let error = declare(&vhost.through(&gate)).await.unwrap_err();
    assert!(matches!(error, DeclareError::Unavailable(_)));
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_message_that_kills_its_consumer_again_and_again_is_brought_out_of_the_dead_queue() {
    let vhost = Vhost::new();
    let limits = Limits {
        deliveries: 2,
        length: 100,
    };
    declare_limited(&vhost.settings, limits).await.unwrap();
    let event = an_event(1, "payment.check");
    let mut publisher = Publisher::lazy(vhost.settings.clone(), "test");
    publisher
        .publish(std::slice::from_ref(&event))
        .await
        .remove(0)
        .unwrap();

    let look = vhost.look().await;
    let mut deliveries = 0;
    for _ in 0..200 {
        let options = BasicGetOptions { no_ack: false };
        let message = look
            .channel
            .basic_get("payment_processing".into(), options)
            .await
            .unwrap();
        if let Some(message) = message {
            deliveries += 1;
            let again = BasicNackOptions {
                requeue: true,
                multiple: false,
            };
            message.delivery.nack(again).await.unwrap();
        }
        if look.length("payment_processing.dead").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(deliveries, 3, "the first delivery and two more");
    let desk = Desk::default();
    assert_eq!(collect_dead(&vhost.settings, &desk).await.unwrap(), 1);
    let notes = desk.notes.take();
    let [
        Note::Parked {
            queue,
            raw,
            known: true,
            error,
        },
    ] = notes.as_slice()
    else {
        panic!("{notes:?}")
    };
    assert_eq!(
        (queue.as_str(), raw),
        ("payment_processing", &event.to_bytes())
    );
    assert!(error.contains("delivered too often"), "{error}");
    look.wait_for_length("payment_processing.dead", 0).await;
}
