use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;

use super::an_event;
use super::consuming::{Desk, Note};
use super::vhost::{Look, Vhost};
use crate::topology::DEAD;
use crate::{NotCollected, collect_dead, declare};

async fn give_up(look: &Look, queue: &str, body: &[u8]) {
    let sent = look
        .channel
        .basic_publish(
            DEAD.into(),
            queue.into(),
            BasicPublishOptions::default(),
            body,
            BasicProperties::default(),
        )
        .await;
    sent.unwrap().await.unwrap();
}

async fn lengths(look: &Look) -> [u32; 2] {
    [
        look.length("order_processing.dead").await,
        look.length("notifications.dead").await,
    ]
}

#[tokio::test]
async fn every_dead_queue_is_brought_to_the_desk_and_what_is_no_envelope_too() {
    let vhost = Vhost::new();
    declare(&vhost.settings).await.unwrap();
    let look = vhost.look().await;
    let event = an_event(1, "order.placed");
    give_up(&look, "order_processing", &event.to_bytes()).await;
    give_up(&look, "notifications", b"\0 no envelope").await;
    look.wait_for_length("order_processing.dead", 1).await;
    look.wait_for_length("notifications.dead", 1).await;

    let desk = Desk::default();
    assert_eq!(collect_dead(&vhost.settings, &desk).await.unwrap(), 2);
    let parked: Vec<_> = desk.notes.borrow().iter().map(short).collect();
    assert_eq!(
        parked,
        [
            ("order_processing".to_owned(), event.to_bytes(), true),
            (
                "notifications".to_owned(),
                b"\0 no envelope".to_vec(),
                false
            ),
        ]
    );
    look.wait_for_length("order_processing.dead", 0).await;
    look.wait_for_length("notifications.dead", 0).await;
    assert_eq!(collect_dead(&vhost.settings, &desk).await.unwrap(), 0);
}

fn short(note: &Note) -> (String, Vec<u8>, bool) {
    match note {
        Note::Parked {
            queue, raw, known, ..
        } => (queue.clone(), raw.clone(), *known),
        Note::Rescheduled { .. } => panic!("nothing is rescheduled here"),
    }
}

#[tokio::test]
async fn what_the_desk_cannot_take_stays_where_it_is() {
    let vhost = Vhost::new();
    declare(&vhost.settings).await.unwrap();
    let look = vhost.look().await;
    give_up(&look, "order_processing", b"{}").await;
    give_up(&look, "notifications", b"{}").await;
    look.wait_for_length("order_processing.dead", 1).await;
    look.wait_for_length("notifications.dead", 1).await;

    let broken = Desk {
        broken: true,
        ..Desk::default()
    };
    let refused = collect_dead(&vhost.settings, &broken).await;
    assert!(matches!(refused, Err(NotCollected::Desk(_))));
    // The broker gives back what was taken and not acknowledged when the connection has ended.
    look.wait_for_length("order_processing.dead", 1).await;
    assert_eq!(lengths(&look).await, [1, 1]);
    assert_eq!(
        collect_dead(&vhost.settings, &Desk::default())
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn a_broker_that_is_silent_is_told_within_the_limit() {
    let vhost = Vhost::new();
    let gate = vhost.gate();
    gate.freeze();
    let begun = std::time::Instant::now();
    let away = collect_dead(&vhost.through(&gate), &Desk::default()).await;
    assert!(matches!(away, Err(NotCollected::Broker(_))));
    assert!(begun.elapsed() < std::time::Duration::from_secs(4));
}
