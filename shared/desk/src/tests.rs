use std::collections::BTreeSet;
use std::time::Duration;

use database::dead::Filter;
use database::testing::TestDatabase;
use database::{DeadMessage, PgConnection, outbox, park};
use domain::{Cause, Clock, DeadMessageState, Event, Kind, OrderId, Reason};
use messaging::{Envelope, Failure, FailureDesk};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dead::{self, DecisionError};
use crate::{Desk, envelope};

const LEASE: Duration = Duration::from_secs(30);

fn staff(who: &str) -> Cause {
    Cause::new(Clock::system().now(), who, "req-1")
}

fn paid() -> Envelope {
    let event = Event::OrderPaid {
        order_id: OrderId::new(),
    };
    message(event.event_type(), event.payload())
}

fn message(kind: &str, payload: Value) -> Envelope {
    let at = Clock::system().now();
    Envelope::new(Uuid::now_v7(), kind, 1, at, "req-of-the-order", payload)
}

async fn parked(db: &TestDatabase, envelope: &Envelope) -> Uuid {
    parked_bytes(db, "order_processing", &envelope.to_bytes(), Some(envelope)).await
}

async fn parked_bytes(
    db: &TestDatabase,
    queue: &str,
    body: &[u8],
    envelope: Option<&Envelope>,
) -> Uuid {
    let desk = Desk::new(db.database.clone(), Clock::system());
    desk.park(queue, body, envelope, "it is broken")
        .await
        .unwrap();
    let newest = "SELECT id FROM dead_messages ORDER BY id DESC LIMIT 1";
    sqlx::query_scalar(newest)
        .fetch_one(&mut db.connect().await)
        .await
        .unwrap()
}

async fn replay(
    db: &TestDatabase,
    who: &str,
    id: Uuid,
) -> Result<dead::DeadMessage, DecisionError> {
    let mut tx = db.database.begin().await.unwrap();
    let replayed = dead::replay(&mut tx, &staff(who), id).await?;
    tx.commit().await.unwrap();
    Ok(replayed)
}

async fn discard(db: &TestDatabase, id: Uuid) -> Result<dead::DeadMessage, DecisionError> {
    let mut tx = db.database.begin().await.unwrap();
    let reason = Reason::parse("sent by hand").unwrap();
    let discarded = dead::discard(&mut tx, &staff("ada"), id, &reason).await?;
    tx.commit().await.unwrap();
    Ok(discarded)
}

async fn outgoing(db: &TestDatabase) -> Vec<Envelope> {
    let mut connection = db.connect().await;
    let due = outbox::claim(&mut connection, 100, LEASE).await.unwrap();
    let keys: Vec<_> = due.iter().map(crate::key).collect();
    outbox::remove(&mut connection, &keys).await.unwrap();
    due.iter().map(envelope).collect()
}

async fn all(connection: &mut PgConnection, filter: &Filter) -> Vec<dead::DeadMessage> {
    dead::list(connection, filter, None, 100)
        .await
        .unwrap()
        .items
}

#[tokio::test]
async fn a_replayed_message_goes_out_as_itself_on_an_attempt_it_never_had() {
    let db = TestDatabase::create().await;
    let failed = paid().on_attempt(3);
    let id = parked(&db, &failed).await;
    let replayed = replay(&db, "ada", id).await.unwrap();
    let decision = replayed.parked.decision.clone().unwrap();
    assert_eq!(
        (decision.state, decision.by.as_str(), decision.reason),
        (DeadMessageState::Replayed, "ada", None)
    );
    assert!(!replayed.is_replayable());
    assert_eq!(outgoing(&db).await, [failed.on_attempt(21)]);
}

#[tokio::test]
async fn a_replayed_message_that_fails_again_is_dead_again_and_can_be_replayed_again() {
    let db = TestDatabase::create().await;
    let first = parked(&db, &paid()).await;
    replay(&db, "ada", first).await.unwrap();
    let again = outgoing(&db).await.remove(0);
    let second = parked(&db, &again).await;
    assert_ne!(
        first, second,
        "a message must not vanish behind its former self"
    );
    replay(&db, "ada", second).await.unwrap();
    assert_eq!(outgoing(&db).await, [again.on_attempt(41)]);
}

#[tokio::test]
async fn of_two_who_replay_at_once_one_wins_and_one_message_goes_out() {
    let db = TestDatabase::create().await;
    let id = parked(&db, &paid()).await;
    let decisions = tokio::join!(
        replay(&db, "ada", id),
        replay(&db, "chidi", id),
        replay(&db, "ngozi", id),
        discard(&db, id),
    );
    let refused = |error: &DecisionError| domain::Fault::kind(error) == Kind::Conflict;
    let won = [decisions.0, decisions.1, decisions.2, decisions.3]
        .into_iter()
        .filter_map(|decision| {
            decision
                .map_err(|error| assert!(refused(&error), "{error}"))
                .ok()
        })
        .collect::<Vec<_>>();
    assert_eq!(won.len(), 1);
    let replayed = won[0].parked.state() == DeadMessageState::Replayed;
    assert_eq!(outgoing(&db).await.len(), usize::from(replayed));
    let stored = all(&mut db.connect().await, &Filter::default())
        .await
        .remove(0);
    assert_eq!(
        stored.parked.decision.unwrap().by,
        won[0].parked.decision.clone().unwrap().by
    );
}

#[tokio::test]
async fn what_is_decided_is_not_decided_again() {
    let db = TestDatabase::create().await;
    let (replayed, discarded) = (parked(&db, &paid()).await, parked(&db, &paid()).await);
    replay(&db, "ada", replayed).await.unwrap();
    discard(&db, discarded).await.unwrap();
    assert_eq!(outgoing(&db).await.len(), 1);
    for (id, expected) in [
        (replayed, "already_replayed"),
        (discarded, "already_discarded"),
    ] {
        let refusals = [
            replay(&db, "b", id).await.unwrap_err(),
            discard(&db, id).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(domain::Fault::code(&refusal), expected);
        }
    }
    assert!(matches!(
        replay(&db, "b", Uuid::now_v7()).await,
        Err(DecisionError::NotFound)
    ));
    assert!(outgoing(&db).await.is_empty());
}

#[tokio::test]
async fn a_replay_that_does_not_commit_sends_nothing_and_decides_nothing() {
    let db = TestDatabase::create().await;
    let id = parked(&db, &paid()).await;
    let mut tx = db.database.begin().await.unwrap();
    dead::replay(&mut tx, &staff("ada"), id).await.unwrap();
    drop(tx);
    assert!(outgoing(&db).await.is_empty());
    replay(&db, "ada", id).await.unwrap();
    assert_eq!(outgoing(&db).await.len(), 1);
}

#[tokio::test]
async fn what_nothing_could_work_is_not_replayed_and_can_be_discarded() {
    let db = TestDatabase::create().await;
    let unroutable = message("coupon.used", json!({}));
    let counted_out = paid().on_attempt(u32::MAX);
    let unwritable = Envelope {
        version: u16::MAX,
        ..paid()
    };
    let unstorable = message("order.paid", json!({ "note": "\0" }));
    let ids = [
        parked_bytes(&db, "order_processing", b"{\"order_id\": 7}", None).await,
        parked_bytes(&db, "order_processing", &[0xFF, 0x00], None).await,
        parked(&db, &unroutable).await,
        parked(&db, &counted_out).await,
        parked(&db, &unwritable).await,
        parked(&db, &unstorable).await,
    ];
    for id in ids {
        let refused = replay(&db, "ada", id).await.unwrap_err();
        assert!(
            matches!(refused, DecisionError::NotReplayable),
            "{refused:?}"
        );
        discard(&db, id).await.unwrap();
    }
    assert!(outgoing(&db).await.is_empty());
}

#[tokio::test]
async fn staff_are_shown_ids_and_never_bytes_that_nobody_understood() {
    let db = TestDatabase::create().await;
    let known = parked(&db, &paid()).await;
    let more = message(
        "order.paid",
        json!({ "order_id": OrderId::new(), "name": "Ada Obi" }),
    );
    parked(&db, &more).await;
    parked(&db, &message("order.paid", json!({ "name": "Ada Obi" }))).await;
    parked_bytes(&db, "notifications", b"Ada Obi", None).await;
    let listed = all(&mut db.connect().await, &Filter::default()).await;
    let shown: Vec<bool> = listed.iter().map(|dead| dead.event().is_some()).collect();
    assert_eq!(shown, [false, false, true, true]);
    assert_eq!(listed[3].parked.id, known);
    let (_, event) = listed[2].event().unwrap();
    assert!(
        !event.payload().to_string().contains("Ada"),
        "only the fields of its type are shown"
    );
    assert_eq!(
        (listed[0].parked.size, listed[0].parked.sha256.as_str()),
        (
            7,
            "fbfb7aade784fc4f0198a541688286349880bdd49968b292a037fdfde017d009"
        ),
    );
}

#[tokio::test]
async fn a_walk_meets_each_message_once_while_others_arrive() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let mut there = BTreeSet::new();
    for _ in 0..7 {
        there.insert(parked(&db, &paid()).await);
    }
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let page = dead::list(&mut connection, &Filter::default(), after, 3)
            .await
            .unwrap();
        met.extend(page.items.iter().map(|dead| dead.parked.id));
        parked(&db, &paid()).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(met.len(), 7, "none twice");
    assert_eq!(met.iter().copied().collect::<BTreeSet<_>>(), there);
    assert!(met.is_sorted_by(|newer, older| newer > older));
}

#[tokio::test]
async fn a_list_has_what_its_filter_says() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let open = parked(&db, &paid()).await;
    let replayed = parked(&db, &paid()).await;
    let mail = message("notification.requested", json!({}));
    let discarded = parked_bytes(&db, "notifications", &mail.to_bytes(), Some(&mail)).await;
    replay(&db, "ada", replayed).await.unwrap();
    discard(&db, discarded).await.unwrap();
    outgoing(&db).await;
    let of = |state| Filter {
        state: Some(state),
        ..Filter::default()
    };
    let cases = [
        (Filter::default(), vec![discarded, replayed, open]),
        (of(DeadMessageState::Open), vec![open]),
        (of(DeadMessageState::Replayed), vec![replayed]),
        (of(DeadMessageState::Discarded), vec![discarded]),
        (
            Filter {
                queue: Some("order_processing".into()),
                ..Filter::default()
            },
            vec![replayed, open],
        ),
        (
            Filter {
                event_type: Some("notification.requested".into()),
                ..Filter::default()
            },
            vec![discarded],
        ),
        (
            Filter {
                queue: Some("notifications".into()),
                ..of(DeadMessageState::Open)
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let ids: Vec<Uuid> = all(&mut connection, &filter)
            .await
            .iter()
            .map(|dead| dead.parked.id)
            .collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    assert_eq!(
        database::dead::count_open(&mut connection).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn words_that_postgres_cannot_hold_do_not_keep_a_message_from_being_put_aside() {
    let db = TestDatabase::create().await;
    let odd = message("order.\0", json!({}));
    let desk = Desk::new(db.database.clone(), Clock::system());
    let body = odd.to_bytes();
    desk.park("order_processing", &body, Some(&odd), "no \0 event")
        .await
        .unwrap();
    let listed = all(&mut db.connect().await, &Filter::default())
        .await
        .remove(0);
    assert_eq!(listed.parked.error, "no \u{FFFD} event");
    assert_eq!(listed.parked.body, Some(body));
}

#[tokio::test]
async fn bytes_that_are_no_message_are_one_row_until_they_are_decided_on() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let poison = DeadMessage {
        queue: "order_processing",
        message_id: None,
        event_type: None,
        attempt: 1,
        body: b"poison",
        error: "no envelope",
    };
    let now = Clock::system().now();
    for _ in 0..3 {
        park(&mut connection, now, &poison).await.unwrap();
    }
    let there = all(&mut connection, &Filter::default()).await;
    assert_eq!(there.len(), 1);
    discard(&db, there[0].parked.id).await.unwrap();
    park(&mut connection, now, &poison).await.unwrap();
    assert_eq!(all(&mut connection, &Filter::default()).await.len(), 2);
}

#[tokio::test]
async fn a_large_body_is_left_out_of_lists_and_not_of_a_decision() {
    let db = TestDatabase::create().await;
    let padding = "x".repeat(usize::try_from(database::dead::LISTED_BODY).unwrap());
    let large = message(
        "order.paid",
        json!({ "order_id": OrderId::new(), "padding": padding }),
    );
    let id = parked(&db, &large).await;
    let listed = all(&mut db.connect().await, &Filter::default())
        .await
        .remove(0);
    assert!(listed.parked.body.is_none() && listed.event().is_none());
    replay(&db, "ada", id).await.unwrap();
    assert_eq!(outgoing(&db).await, [large.on_attempt(21)]);
}

#[tokio::test]
async fn a_message_that_was_worked_all_the_same_does_nothing_when_it_is_replayed() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let event = paid();
    let id = parked(&db, &event).await;
    assert!(
        database::first_time(&mut connection, "process-order", event.id)
            .await
            .unwrap()
    );
    replay(&db, "ada", id).await.unwrap();
    let again = outgoing(&db).await.remove(0);
    assert!(
        !database::first_time(&mut connection, "process-order", again.id)
            .await
            .unwrap()
    );
}

#[test]
fn every_fault_of_the_shop_says_whether_a_repeat_may_help() {
    let later: Failure = crate::Fail::from(DecisionError::AlreadyReplayed).into();
    let never: Failure = crate::Fail::from(DecisionError::NotFound).into();
    assert!(matches!(later, Failure::Temporary(_)));
    assert!(matches!(never, Failure::Permanent(_)));
}
