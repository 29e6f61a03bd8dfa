//! One load for all who miss together.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;

use super::*;

const A_LOAD: Duration = Duration::from_millis(100);
/// How long anyone waits for another, on a busy machine.
const PATIENCE: Duration = Duration::from_millis(2_000);

/// A database that counts.
#[derive(Default)]
struct Database(AtomicU64);

impl Database {
    async fn load(&self, page: &str, takes: Duration) -> Result<Vec<u8>, &'static str> {
        self.0.fetch_add(1, Ordering::SeqCst);
        sleep(takes).await;
        Ok(page.as_bytes().to_vec())
    }

    async fn fail(&self, takes: Duration) -> Result<Vec<u8>, &'static str> {
        self.load("", takes).await.and(Err("no database"))
    }

    fn loads(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// As many caches as there would be instances of a function.
fn instances(count: usize, settings: &CacheSettings) -> Vec<Cache> {
    (0..count).map(|_| Cache::lazy(settings)).collect()
}

#[tokio::test]
async fn of_64_readers_of_one_cold_key_one_loads() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(64, &settings);
    let all = caches
        .iter()
        .map(|cache| cache.catalogue_or_load("page", database.load("page", A_LOAD)));
    for answer in join_all(all).await {
        assert_eq!(answer.unwrap(), b"page");
    }
    assert_eq!(database.loads(), 1);
    let hits: u64 = caches.iter().map(|cache| cache.counts().hits).sum();
    assert_eq!(hits, 63, "who waited for a copy has hit it");
}

#[tokio::test]
async fn a_leader_that_died_is_replaced_by_one_of_those_who_wait() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(8, &settings);
    let dying = caches[0].catalogue_or_load("page", database.load("never", A_MINUTE));
    drop(tokio::time::timeout(Duration::from_millis(100), dying).await);
    assert_eq!(database.loads(), 1);
    let begun = Instant::now();
    let others = caches
        .iter()
        .map(|cache| cache.catalogue_or_load("page", database.load("page", A_LOAD)));
    for answer in join_all(others).await {
        assert_eq!(answer.unwrap(), b"page");
    }
    assert_eq!(database.loads(), 2);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn who_waits_for_a_leader_that_fails_is_told_and_the_next_leads() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(9, &settings);
    let failing = caches[0].catalogue_or_load("page", database.fail(A_LOAD));
    let others = async {
        sleep(A_LOAD / 2).await;
        let others = caches[1..]
            .iter()
            .map(|cache| cache.catalogue_or_load("page", database.load("page", A_LOAD)));
        join_all(others).await
    };
    let begun = Instant::now();
    let (failed, others) = tokio::join!(failing, others);
    assert_eq!(failed, Err("no database"));
    assert!(others.iter().all(|answer| answer.as_deref() == Ok(b"page")));
    assert_eq!(database.loads(), 2);
    assert!(
        begun.elapsed() < A_LOAD * 2 + BOUNDED,
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn where_every_load_fails_nobody_waits_long_for_others() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(16, &settings);
    let begun = Instant::now();
    let all = caches
        .iter()
        .map(|cache| cache.catalogue_or_load("page", database.fail(A_LOAD)));
    let answers = join_all(all).await;
    assert!(answers.iter().all(|answer| *answer == Err("no database")));
    // Two leaders, and then all the others at once.
    assert!(
        begun.elapsed() < A_LOAD * 3 + BOUNDED,
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(database.loads(), 16);
}

#[tokio::test]
async fn a_leader_that_takes_too_long_is_not_waited_for() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(2, &settings);
    let slow = caches[0].catalogue_or_load("page", database.load("slow", PATIENCE * 2));
    let quick = async {
        sleep(Duration::from_millis(50)).await;
        let begun = Instant::now();
        let answer = caches[1].catalogue_or_load("page", database.load("quick", A_LOAD));
        (answer.await, begun.elapsed())
    };
    let (slow, (quick, took)) = tokio::join!(slow, quick);
    assert_eq!(
        (slow.unwrap(), quick.unwrap()),
        (b"slow".to_vec(), b"quick".to_vec())
    );
    assert!(took < PATIENCE, "{took:?}");
}

#[tokio::test]
async fn a_late_leader_does_not_take_the_next_ones_lease() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(3, &settings);
    let late = caches[0].catalogue_or_load("page", database.load("late", 13 * A_LOAD));
    let next = async {
        sleep(11 * A_LOAD).await;
        let next = caches[1].catalogue_or_load("page", database.load("next", 8 * A_LOAD));
        next.await
    };
    let seen = async {
        sleep(15 * A_LOAD).await;
        caches[2].get("catalogue:lease:page").await
    };
    let (late, next, lease) = tokio::join!(late, next, seen);
    assert_eq!(
        (late.unwrap(), next.unwrap()),
        (b"late".to_vec(), b"next".to_vec())
    );
    assert!(lease.is_some(), "the second is loading yet");
    assert_eq!(caches[2].get("catalogue:lease:page").await, None);
}

#[tokio::test]
async fn after_a_change_nobody_waits_for_the_load_from_before() {
    let (settings, database) = (settings_of_redis(), Database::default());
    let caches = instances(12, &settings);
    let old = caches[0].catalogue_or_load("page", database.load("old", 5 * A_LOAD));
    let waited = async {
        sleep(A_LOAD).await;
        let waiting = caches[1].catalogue_or_load("page", database.load("new", A_LOAD));
        let begun = Instant::now();
        (waiting.await, begun.elapsed())
    };
    let new = async {
        sleep(2 * A_LOAD).await;
        caches[2].catalogue_changed().await;
        let begun = Instant::now();
        let readers = caches[3..]
            .iter()
            .map(|cache| cache.catalogue_or_load("page", database.load("new", A_LOAD)));
        (join_all(readers).await, begun.elapsed())
    };
    let (old, (waited, waited_for), (new, took)) = tokio::join!(old, waited, new);
    assert_eq!(old.unwrap(), b"old", "it began before the change");
    assert_eq!(waited.unwrap(), b"new");
    assert!(new.iter().all(|answer| answer.as_deref() == Ok(b"new")));
    assert_eq!(database.loads(), 2, "one in each generation");
    assert!(waited_for < 4 * A_LOAD, "{waited_for:?}");
    assert!(took < 3 * A_LOAD, "{took:?}");
    assert_eq!(catalogue(&caches[0], "not loaded").await, b"new");
}

#[tokio::test]
async fn who_waits_does_without_a_redis_that_freezes_or_dies() {
    for end in ["freezes", "dies"] {
        let (redis, settings) = own_redis().await;
        let database = Database::default();
        let caches = instances(9, &settings);
        let leader = caches[0].catalogue_or_load("page", database.load("page", 5 * A_LOAD));
        let others = async {
            sleep(A_LOAD).await;
            let others = caches[1..]
                .iter()
                .map(|cache| cache.catalogue_or_load("page", database.load("page", A_LOAD)));
            let begun = Instant::now();
            (join_all(others).await, begun.elapsed())
        };
        let trouble = async {
            sleep(2 * A_LOAD).await;
            if end == "freezes" {
                redis.freeze();
            } else {
                redis.kill().await.unwrap();
            }
        };
        let (_, (others, took), ()) = tokio::join!(leader, others, trouble);
        assert!(others.iter().all(|answer| answer.as_deref() == Ok(b"page")));
        assert!(took < 2 * A_LOAD + BOUNDED, "{end}: {took:?}");
    }
}
