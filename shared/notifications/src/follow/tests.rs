use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use database::testing::TestDatabase;
use domain::{Cause, Clock};
use serde_json::json;
use tokio::time::sleep;

use super::*;
use crate::{Activity, tell_staff};

/// Before everything that was ever written.
const BEGINNING: ActivityId = ActivityId {
    transaction: 0,
    id: 0,
};
const MARK: &str = "mark";

async fn tell(connection: &mut PgConnection, kind: &'static str, detail: Value) {
    let cause = Cause::new(Clock::system().now(), "tests", "req-of-a-test");
    let activity = Activity {
        kind,
        alert: false,
        detail,
    };
    tell_staff(connection, &cause, &activity).await.unwrap();
}

/// Follows from `after` on until the event of kind [`MARK`] is shown, which is not among those
/// answered.
async fn follow_to_the_mark(db: &TestDatabase, mut after: ActivityId) -> Vec<SeenActivity> {
    let mut connection = db.connect().await;
    let mut seen = Vec::new();
    loop {
        let events = follow(&mut connection, Some(after)).await.unwrap();
        for event in events {
            if event.kind == MARK {
                return seen;
            }
            // As a client does that knows the text alone.
            after = event.id.to_string().parse().unwrap();
            seen.push(event);
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Writes transactions of one to three events that overlap, and of which some are given up. Answers how
/// many events each committed transaction has, by its name.
async fn write(db: Arc<TestDatabase>, writer: u64, seed: u64) -> HashMap<String, usize> {
    let mut random = fastrand::Rng::with_seed(seed + writer);
    let mut committed = HashMap::new();
    for turn in 0..20 {
        let name = format!("{writer}/{turn}");
        let mut tx = db.database.begin().await.unwrap();
        let events = random.usize(1..=3);
        for n in 0..events {
            tell(&mut tx, "told", json!({ "by": name, "n": n })).await;
            sleep(Duration::from_millis(random.u64(0..12))).await;
        }
        if random.u8(0..5) == 0 {
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
            committed.insert(name, events);
        }
    }
    committed
}

#[tokio::test]
async fn whoever_follows_meets_each_event_once_in_one_order_however_its_writers_overlap() {
    let seed = fastrand::u64(..1 << 32);
    println!("seed {seed}");
    let db = Arc::new(TestDatabase::create().await);
    let followers: Vec<_> = (0..4)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move { follow_to_the_mark(&db, BEGINNING).await })
        })
        .collect();
    let writers: Vec<_> = (0..8)
        .map(|writer| tokio::spawn(write(Arc::clone(&db), writer, seed)))
        .collect();
    let mut committed = HashMap::new();
    for writer in writers {
        committed.extend(writer.await.unwrap());
    }
    tell(&mut db.connect().await, MARK, json!({})).await;

    for follower in followers {
        let seen = follower.await.unwrap();
        let ordered = seen.windows(2).all(|pair| pair[0].id < pair[1].id);
        assert!(ordered, "seed {seed}: {seen:?}");
        let mut met: HashMap<String, usize> = HashMap::new();
        for event in &seen {
            let by = event.detail["by"].as_str().unwrap().to_owned();
            let events = met.entry(by).or_default();
            assert_eq!(event.detail["n"], *events, "seed {seed}: {event:?}");
            *events += 1;
        }
        assert_eq!(met, committed, "seed {seed}");
    }
}

#[tokio::test]
async fn what_a_slow_writer_began_first_is_shown_before_what_came_after_it() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let mut slow = db.database.begin().await.unwrap();
    tell(&mut slow, "slow", json!({})).await;
    let mut quick = db.database.begin().await.unwrap();
    tell(&mut quick, "quick", json!({})).await;
    quick.commit().await.unwrap();

    let shown = follow(&mut connection, Some(BEGINNING)).await.unwrap();
    assert_eq!(shown, [], "the quick one waits for the slow one");
    assert_eq!(follow(&mut connection, None).await.unwrap(), []);

    slow.commit().await.unwrap();
    tell(&mut connection, MARK, json!({})).await;
    let seen = follow_to_the_mark(&db, BEGINNING).await;
    let kinds: Vec<&str> = seen.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["slow", "quick"]);
}

/// Functions may not look at other areas' sessions; what they may see of them has to be enough.
#[tokio::test]
async fn what_runs_in_another_database_holds_nothing_back() {
    let (db, other) = (TestDatabase::create().await, TestDatabase::create().await);
    let mut elsewhere = other.database.begin().await.unwrap();
    tell(&mut elsewhere, "elsewhere", json!({})).await;
    tell(&mut db.connect().await, "here", json!({})).await;

    let url = db.url_as("operations");
    let mut connection = <PgConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    // Another test's transaction may end just now, in which case it counts for once.
    loop {
        let seen = follow(&mut connection, None).await.unwrap();
        if let [event] = seen.as_slice() {
            assert_eq!(event.kind, "here");
            break;
        }
        sleep(Duration::from_millis(2)).await;
    }
    elsewhere.rollback().await.unwrap();
}

#[tokio::test]
async fn at_first_the_newest_are_shown_and_then_a_hundred_at_a_time() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    assert_eq!(follow(&mut connection, None).await.unwrap(), []);
    for n in 0..130 {
        tell(&mut connection, "told", json!(n)).await;
    }
    tell(&mut connection, MARK, json!({})).await;
    let all = follow_to_the_mark(&db, BEGINNING).await;
    assert_eq!(all.len(), 130);

    let first = follow(&mut connection, Some(BEGINNING)).await.unwrap();
    assert_eq!(first, all[..100]);
    let newest = follow(&mut connection, None).await.unwrap();
    assert_eq!(newest[..49], all[81..]);
    assert_eq!((newest[49].kind.as_str(), newest.len()), (MARK, 50));
}

#[tokio::test]
async fn what_was_there_before_events_had_a_transaction_comes_first() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    tell(&mut connection, "new", json!({})).await;
    db.execute("INSERT INTO activity (kind, at, transaction) VALUES ('old', now(), '0')")
        .await;
    tell(&mut connection, MARK, json!({})).await;
    let seen = follow_to_the_mark(&db, BEGINNING).await;
    let kinds: Vec<&str> = seen.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["old", "new"]);
}

#[tokio::test]
async fn an_id_that_was_never_given_out_counts_as_none() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    tell(&mut connection, "told", json!({})).await;
    tell(&mut connection, MARK, json!({})).await;
    let seen = follow_to_the_mark(&db, BEGINNING).await;
    let from_elsewhere = ActivityId {
        transaction: u64::MAX,
        id: 7,
    };
    let shown = follow(&mut connection, Some(from_elsewhere)).await.unwrap();
    assert_eq!(shown[..1], seen);
}

#[tokio::test]
async fn however_many_events_there_are_only_those_shown_are_read() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    for statement in [
        "INSERT INTO activity (kind, at, transaction)
         SELECT 'told', now(), (n % 500 + 3)::text::xid8 FROM generate_series(1, 100000) n",
        "ANALYZE activity",
        "BEGIN",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let middle = ActivityId {
        transaction: 250,
        id: 50_000,
    };
    for (after, shown) in [(Some(BEGINNING), 100), (Some(middle), 100), (None, 50)] {
        let before = read(&mut connection).await;
        let seen = follow(&mut connection, after).await.unwrap();
        let now = read(&mut connection).await;
        assert_eq!(seen.len(), shown, "{after:?}");
        assert_eq!(now.0, before.0, "{after:?}: the table was read whole");
        assert!(now.1 - before.1 < 200, "{after:?}: {before:?} {now:?}");
    }
}

/// How often this transaction has read the table whole, and how many rows it has fetched by an index.
async fn read(connection: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'activity'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

#[test]
fn an_id_is_read_as_it_was_written_and_nothing_else_is() {
    for text in ["0-0", "7-1", "18446744073709551615-9223372036854775807"] {
        assert_eq!(text.parse::<ActivityId>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "-",
        "7",
        "7-",
        "-7",
        "7-1-1",
        "+7-1",
        "7-+1",
        "7--1",
        "07-1",
        "7-01",
        " 7-1",
        "7-1\n",
        "18446744073709551616-1",
        "7-9223372036854775808",
        "x-1",
        "7–1",
    ] {
        assert_eq!(
            text.parse::<ActivityId>(),
            Err(ActivityIdError::Malformed),
            "{text:?}"
        );
    }
}
