mod roles;

use std::time::Duration;

use domain::{Event, OrderId};
use uuid::Uuid;

use crate::idempotency::{Begun, IdempotencyError, IdempotencyKey, StoredAnswer};
use crate::outbox::Announcement;
use crate::testing::TestDatabase;
use crate::{DeadMessage, first_time, idempotency, outbox, park, was_worked};

const LEASE: Duration = Duration::from_secs(30);

fn now() -> chrono::DateTime<chrono::Utc> {
    domain::Clock::system().now()
}

fn placed() -> Announcement {
    Announcement::now(Event::OrderPlaced {
        order_id: OrderId::new(),
    })
}

fn key(request: &str) -> IdempotencyKey {
    IdempotencyKey {
        scope: "POST /api/orders guest".into(),
        key: "k".into(),
        request_hash: request.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn an_announcement_goes_out_only_with_its_transaction() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    outbox::announce(&mut tx, now(), "r", &[placed()])
        .await
        .unwrap();
    drop(tx);
    assert!(db.take_announcements().await.is_empty());
    let mut tx = db.database.begin().await.unwrap();
    outbox::announce(&mut tx, now(), "r", &[placed()])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.take_announcements().await, ["order.placed"]);
}

#[tokio::test]
async fn two_relays_never_claim_the_same_message_and_a_dead_relays_rows_come_back() {
    let db = TestDatabase::create().await;
    let mut tx = db.database.begin().await.unwrap();
    let many: Vec<_> = (0..50).map(|_| placed()).collect();
    outbox::announce(&mut tx, now(), "r", &many).await.unwrap();
    tx.commit().await.unwrap();
    let (mut a, mut b) = (db.connect().await, db.connect().await);
    let short = Duration::from_secs(1);
    let (first, second) = tokio::join!(
        outbox::claim(&mut a, 30, LEASE),
        outbox::claim(&mut b, 30, short)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.len() + second.len(), 50);
    let both = first
        .iter()
        .filter(|m| second.iter().any(|n| n.message_id == m.message_id));
    assert_eq!(both.count(), 0);
    // The second relay dies; when its lease has run out, its rows are due again.
    tokio::time::sleep(short * 2).await;
    let again = outbox::claim(&mut a, 100, LEASE).await.unwrap();
    assert_eq!(again.len(), second.len());
    let confirmed: Vec<_> = first.iter().map(|m| (m.message_id, m.attempt)).collect();
    outbox::remove(&mut a, &confirmed).await.unwrap();
    assert_eq!(db.take_announcements().await.len(), second.len());
}

#[tokio::test]
async fn delayed_announcements_wait_and_refused_ones_are_given_back() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let later = Announcement::after(
        Duration::from_secs(60),
        Event::OrderPlaced {
            order_id: OrderId::new(),
        },
    );
    outbox::announce(&mut connection, now(), "r", &[later, placed()])
        .await
        .unwrap();
    let due = outbox::claim(&mut connection, 10, LEASE).await.unwrap();
    assert_eq!(due.len(), 1);
    let refused = [(due[0].message_id, due[0].attempt)];
    outbox::give_back(&mut connection, &refused, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(
        outbox::claim(&mut connection, 10, LEASE)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(db.take_announcements().await.len(), 2);
}

#[tokio::test]
async fn a_message_rescheduled_before_the_relay_removed_it_is_not_lost() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    outbox::announce(&mut connection, now(), "r", &[placed()])
        .await
        .unwrap();
    let message = outbox::claim(&mut connection, 1, LEASE)
        .await
        .unwrap()
        .remove(0);
    // The consumer is quicker than the relay, and was given the message twice.
    outbox::reschedule(&mut connection, &message, Duration::ZERO)
        .await
        .unwrap();
    outbox::reschedule(&mut connection, &message, Duration::ZERO)
        .await
        .unwrap();
    outbox::remove(&mut connection, &[(message.message_id, 1)])
        .await
        .unwrap();
    let again = outbox::claim(&mut connection, 10, LEASE).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].message_id, again[0].attempt),
        (message.message_id, 2)
    );
    db.take_announcements().await;
}

#[tokio::test]
async fn a_repeat_waits_for_the_first_and_then_does_nothing() {
    let db = TestDatabase::create().await;
    let id = Uuid::now_v7();
    let mut first = db.database.begin().await.unwrap();
    assert!(first_time(&mut first, "process-order", id).await.unwrap());
    let database = db.database.clone();
    let repeat = tokio::spawn(async move {
        let mut tx = database.begin().await.unwrap();
        first_time(&mut tx, "process-order", id).await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        !repeat.is_finished(),
        "the repeat waits for the first transaction"
    );
    first.commit().await.unwrap();
    assert!(!repeat.await.unwrap());
    assert!(
        was_worked(&mut db.connect().await, "process-order", id)
            .await
            .unwrap()
    );
    assert!(
        !was_worked(&mut db.connect().await, "process-payment", id)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn one_key_is_one_request_and_one_answer() {
    let db = TestDatabase::create().await;
    let resource = Uuid::now_v7();
    let mut tx = db.database.begin().await.unwrap();
    assert_eq!(
        idempotency::begin(&mut tx, now(), &key("a"), resource)
            .await
            .unwrap(),
        Begun::New
    );
    tx.commit().await.unwrap();
    let mut connection = db.connect().await;
    let begun = idempotency::begin(&mut connection, now(), &key("a"), Uuid::now_v7())
        .await
        .unwrap();
    assert_eq!(begun, Begun::Unanswered(resource));
    let other = idempotency::begin(&mut connection, now(), &key("b"), Uuid::now_v7()).await;
    assert!(matches!(other, Err(IdempotencyError::OtherRequest)));
    let answer = |body: &str| StoredAnswer {
        status: 201,
        body: body.into(),
    };
    let first = idempotency::complete(&mut connection, &key("a"), &answer("first"))
        .await
        .unwrap();
    let second = idempotency::complete(&mut connection, &key("a"), &answer("second"))
        .await
        .unwrap();
    assert_eq!(
        (first.body.as_str(), second.body.as_str()),
        ("first", "first")
    );
    let begun = idempotency::look_up(&mut connection, &key("a"))
        .await
        .unwrap();
    assert_eq!(begun, Begun::Answered(resource, answer("first")));
}

#[tokio::test]
async fn a_key_that_is_taken_for_longer_than_the_lock_limit_is_in_flight() {
    let db = TestDatabase::create().await;
    let mut first = db.database.begin().await.unwrap();
    idempotency::begin(&mut first, now(), &key("a"), Uuid::now_v7())
        .await
        .unwrap();
    let mut second = db.database.begin().await.unwrap();
    sqlx::query("SET LOCAL lock_timeout = '50ms'")
        .execute(&mut *second)
        .await
        .unwrap();
    let begun = idempotency::begin(&mut second, now(), &key("a"), Uuid::now_v7()).await;
    assert!(matches!(begun, Err(IdempotencyError::InFlight)));
}

#[tokio::test]
async fn a_message_is_parked_once_for_each_attempt() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let message = DeadMessage {
        queue: "order_processing",
        message_id: Some(Uuid::now_v7()),
        event_type: Some("order.placed"),
        attempt: 12,
        body: b"{}",
        error: "no",
    };
    park(&mut connection, now(), &message).await.unwrap();
    park(&mut connection, now(), &message).await.unwrap();
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_messages")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(parked, 1);
}

#[tokio::test]
async fn append_only_tables_refuse_to_forget() {
    let db = TestDatabase::create().await;
    let refused = sqlx::query("TRUNCATE stock_movements")
        .execute(&mut db.connect().await)
        .await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_open_behind() {
    let db = TestDatabase::with_connections(1).await;
    let mut tx = db.database.begin().await.unwrap();
    outbox::announce(&mut tx, now(), "r", &[placed()])
        .await
        .unwrap();
    drop(tx);
    // What the next borrower writes stands at once: it is in nobody's transaction.
    let mut connection = db.database.connection().await.unwrap();
    outbox::announce(&mut connection, now(), "r", &[placed()])
        .await
        .unwrap();
    assert_eq!(db.take_announcements().await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced_and_not_lent_again() {
    let db = TestDatabase::with_connections(1).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.database.ping().await.unwrap();
    sqlx::query(end)
        .execute(&mut db.connect().await)
        .await
        .unwrap();
    // The first after the end may meet the dead connection, since it was used a moment ago …
    db.database.ping().await.ok();
    // … but nobody meets it twice.
    for _ in 0..3 {
        db.database.ping().await.unwrap();
    }
}

#[tokio::test]
async fn who_finds_no_free_connection_is_told_after_three_seconds() {
    let db = TestDatabase::with_connections(1).await;
    let held = db.database.connection().await.unwrap();
    let refused = db.database.connection().await;
    assert!(matches!(refused, Err(crate::DatabaseError::Unavailable(_))));
    drop(held);
    db.database.ping().await.unwrap();
}
