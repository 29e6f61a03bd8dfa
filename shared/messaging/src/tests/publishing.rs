use std::time::{Duration, Instant};

use super::an_event;
use super::vhost::Vhost;
use crate::declare::{Limits, declare_limited};
use crate::{Envelope, NotPublished, Publisher, declare};

async fn a_broker() -> Vhost {
    let vhost = Vhost::new();
    declare(&vhost.settings).await.unwrap();
    vhost
}

fn all_confirmed(outcomes: &[Result<(), NotPublished>]) -> bool {
    outcomes.iter().all(Result::is_ok)
}

#[tokio::test]
async fn a_confirmed_message_is_in_its_queue_with_all_its_properties() {
    let vhost = a_broker().await;
    let event = an_event(7, "order.placed").on_attempt(3);
    let mut publisher = Publisher::lazy(vhost.settings.clone(), "test");
    assert!(all_confirmed(
        &publisher.publish(std::slice::from_ref(&event)).await
    ));

    let (body, properties) = vhost.look().await.take("order_processing").await;
    assert_eq!(Envelope::from_bytes(&body).unwrap(), event);
    let text = |value: &Option<lapin::types::ShortString>| value.clone().unwrap().to_string();
    assert_eq!(text(properties.message_id()), event.id.to_string());
    assert_eq!(text(properties.kind()), "order.placed");
    assert_eq!(text(properties.correlation_id()), "req-7");
    assert_eq!(text(properties.content_type()), "application/json");
    assert_eq!(
        (*properties.delivery_mode(), *properties.priority()),
        (Some(2), Some(0))
    );
    assert_eq!(*properties.timestamp(), Some(1_800_000_000));
}

#[tokio::test]
async fn each_message_of_a_batch_is_answered_for_itself() {
    let vhost = a_broker().await;
    let kinds = ["order.placed", "coupon.used", "notification.requested"];
    let batch: Vec<Envelope> = (0..900_u128)
        .map(|n| an_event(n, kinds[usize::try_from(n % 3).unwrap()]))
        .collect();
    let outcomes = Publisher::lazy(vhost.settings.clone(), "test")
        .publish(&batch)
        .await;
    for (event, outcome) in batch.iter().zip(&outcomes) {
        match outcome {
            Ok(()) => assert_ne!(event.kind, "coupon.used"),
            Err(NotPublished::Unroutable { kind, .. }) => {
                assert_eq!(
                    (kind.as_str(), event.kind.as_str()),
                    ("coupon.used", "coupon.used")
                );
            }
            Err(other) => panic!("{}: {other}", event.kind),
        }
    }
    let look = vhost.look().await;
    look.wait_for_length("order_processing", 300).await;
    look.wait_for_length("notifications", 300).await;
}

#[tokio::test]
async fn before_the_topology_is_declared_nothing_counts_as_published() {
    let vhost = Vhost::new();
    let events = [an_event(1, "order.placed")];
    let outcomes = Publisher::lazy(vhost.settings.clone(), "test")
        .publish(&events)
        .await;
    assert!(outcomes[0].is_err(), "{outcomes:?}");
}

#[tokio::test]
async fn a_strange_message_does_not_keep_the_others_from_being_published() {
    let vhost = a_broker().await;
    let mut talkative = an_event(2, "order.placed");
    talkative.correlation_id = "r".repeat(4_000);
    let events = [
        an_event(1, "order.placed"),
        talkative,
        an_event(3, &format!("order.{}", "x".repeat(300))),
    ];
    let outcomes = Publisher::lazy(vhost.settings.clone(), "test")
        .publish(&events)
        .await;
    assert!(all_confirmed(&outcomes[..2]), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(NotPublished::Unsendable)));
}

#[tokio::test]
async fn a_full_queue_refuses_and_no_refused_message_is_in_it() {
    let vhost = Vhost::new();
    let limits = Limits {
        deliveries: 20,
        length: 5,
    };
    declare_limited(&vhost.settings, limits).await.unwrap();
    let batch: Vec<Envelope> = (0..400).map(|n| an_event(n, "order.placed")).collect();
    let mut publisher = Publisher::lazy(vhost.settings.clone(), "test");
    let outcomes = publisher.publish(&batch).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(
        outcomes
            .iter()
            .all(|o| matches!(o, Ok(()) | Err(NotPublished::Refused)))
    );
    assert!((1..400).contains(&taken), "{taken}");
    let look = vhost.look().await;
    look.wait_for_length("order_processing", u32::try_from(taken).unwrap())
        .await;
}

#[tokio::test]
async fn a_publisher_outlives_a_broker_that_goes_away_and_comes_back() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    assert!(all_confirmed(
        &publisher.publish(&[an_event(1, "order.placed")]).await
    ));
    gate.refuse();
    let begun = Instant::now();
    let outcomes = publisher.publish(&[an_event(2, "order.placed")]).await;
    assert!(
        matches!(outcomes[0], Err(NotPublished::Unavailable(_))),
        "{outcomes:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    gate.open();
    assert!(all_confirmed(
        &publisher.publish(&[an_event(2, "order.placed")]).await
    ));
    vhost
        .look()
        .await
        .wait_for_length("order_processing", 2)
        .await;
}

#[tokio::test]
async fn a_connection_cut_between_batches_costs_no_batch() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    for n in 0..3 {
        assert!(all_confirmed(
            &publisher.publish(&[an_event(n, "order.placed")]).await
        ));
        gate.cut();
    }
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_its_answers_loses_nothing() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    assert!(all_confirmed(
        &publisher.publish(&[an_event(1_000, "order.placed")]).await
    ));
    gate.cut_after(40);
    let batch: Vec<Envelope> = (0..100).map(|n| an_event(n, "order.placed")).collect();
    let first = publisher.publish(&batch).await;
    gate.open();
    let unconfirmed: Vec<Envelope> = batch
        .iter()
        .zip(&first)
        .filter(|(_, outcome)| outcome.is_err())
        .map(|(event, _)| event.clone())
        .collect();
    assert!(all_confirmed(&publisher.publish(&unconfirmed).await));
    let length = vhost.look().await.length("order_processing").await;
    assert!(length >= 101, "every message at least once: {length}");
}

#[tokio::test]
async fn a_frozen_broker_is_given_up_in_bounded_time() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    assert!(all_confirmed(
        &publisher.publish(&[an_event(1, "order.placed")]).await
    ));
    gate.freeze();
    let batch: Vec<Envelope> = (0..1_000).map(|n| an_event(n, "order.placed")).collect();
    let begun = Instant::now();
    let outcomes = publisher.publish(&batch).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    gate.open();
    assert!(all_confirmed(&publisher.publish(&batch).await));
}

/// What a function finds when it was frozen for long: its socket looks alive, and nobody is there.
#[tokio::test]
async fn after_a_thaw_the_first_publish_notices_a_dead_socket_and_reconnects() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    assert!(all_confirmed(
        &publisher.publish(&[an_event(1, "order.placed")]).await
    ));
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    gate.abandon();
    let begun = Instant::now();
    assert!(all_confirmed(
        &publisher.publish(&[an_event(2, "order.placed")]).await
    ));
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_socket_that_dies_under_a_batch_is_replaced() {
    let vhost = a_broker().await;
    let gate = vhost.gate();
    let mut publisher = Publisher::lazy(vhost.through(&gate), "test");
    assert!(all_confirmed(
        &publisher.publish(&[an_event(1, "order.placed")]).await
    ));
    gate.abandon();
    let begun = Instant::now();
    assert!(all_confirmed(
        &publisher.publish(&[an_event(2, "order.placed")]).await
    ));
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn an_empty_batch_needs_no_broker() {
    let vhost = Vhost::new();
    let gate = vhost.gate();
    gate.refuse();
    assert!(
        Publisher::lazy(vhost.through(&gate), "test")
            .publish(&[])
            .await
            .is_empty()
    );
    assert_eq!(gate.accepted_connections(), 0);
}
