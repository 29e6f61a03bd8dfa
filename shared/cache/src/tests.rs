mod drops;
mod full;
mod model;
mod stampede;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use runtime_api::Gate;
use services::OwnRedis;
use tokio::time::sleep;

use crate::{Cache, CacheSettings, OPERATION_LIMIT};

const A_MINUTE: Duration = Duration::from_secs(60);
/// What an operation may take on a busy machine: its own limit and some scheduling.
const BOUNDED: Duration = Duration::from_millis(250);

/// The running Redis, with keys of the test's own.
fn settings_of_redis() -> CacheSettings {
    let settings = settings::read(CacheSettings::read)
        .expect("these tests need the running Redis's settings: `cargo dev env`");
    CacheSettings {
        prefix: format!("test-{}", uuid::Uuid::new_v4()),
        ..settings
    }
}

fn a_cache() -> Cache {
    Cache::lazy(&settings_of_redis())
}

fn a_gated_cache() -> (Gate, Cache) {
    a_gated_cache_of(settings_of_redis())
}

fn a_gated_cache_of(settings: CacheSettings) -> (Gate, Cache) {
    let gate = Gate::to(format!("{}:{}", settings.host, settings.port));
    let gated = CacheSettings {
        host: gate.host(),
        port: gate.port(),
        ..settings
    };
    (gate, Cache::lazy(&gated))
}

/// A Redis that nobody else uses, and its settings.
async fn own_redis() -> (OwnRedis, CacheSettings) {
    let redis = OwnRedis::start().await.unwrap();
    let settings = CacheSettings {
        host: "127.0.0.1".to_owned(),
        port: redis.port(),
        db: 0,
        password: None,
        tls: false,
        prefix: "test".to_owned(),
    };
    (redis, settings)
}

async fn loaded(value: &str) -> Result<Vec<u8>, Infallible> {
    Ok(value.as_bytes().to_vec())
}

async fn must_not_load() -> Result<Vec<u8>, Infallible> {
    panic!("there is a copy")
}

async fn catalogue(cache: &Cache, value: &str) -> Vec<u8> {
    cache
        .catalogue_or_load("page", loaded(value))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_put_is_found_until_its_time_is_over_or_it_is_removed() {
    let cache = a_cache();
    assert_eq!(cache.get("a").await, None);
    cache.put("a", b"one", Duration::from_millis(300)).await;
    cache.put("b", b"two", A_MINUTE).await;
    assert_eq!(cache.get("a").await.unwrap(), b"one");
    sleep(Duration::from_millis(400)).await;
    assert_eq!(cache.get("a").await, None);
    assert!(cache.remove("b").await);
    assert_eq!(cache.get("b").await, None);
    assert_eq!((cache.counts().hits, cache.counts().misses), (1, 3));
}

#[tokio::test]
async fn a_copy_is_loaded_once_and_an_error_is_not_copied() {
    let cache = a_cache();
    let load = async |value: Result<u32, &'static str>| value;
    assert_eq!(
        cache
            .get_or_load("n", A_MINUTE, load(Err("no database")))
            .await,
        Err("no database")
    );
    assert_eq!(cache.get_or_load("n", A_MINUTE, load(Ok(7))).await, Ok(7));
    assert_eq!(
        cache
            .get_or_load("n", A_MINUTE, load(Err("not asked")))
            .await,
        Ok(7)
    );
    let other = cache.get_or_load("n", A_MINUTE, async {
        Ok::<_, Infallible>(String::from("s"))
    });
    assert_eq!(
        other.await.unwrap(),
        "s",
        "a copy of another shape counts as none"
    );
}

#[tokio::test]
async fn two_caches_of_one_prefix_share_their_copies() {
    let settings = settings_of_redis();
    Cache::lazy(&settings).put("a", b"one", A_MINUTE).await;
    assert_eq!(Cache::lazy(&settings).get("a").await.unwrap(), b"one");
    let other = CacheSettings {
        prefix: "another".to_owned(),
        ..settings
    };
    assert_eq!(Cache::lazy(&other).get("a").await, None);
}

#[tokio::test]
async fn a_new_generation_drops_every_copy_of_the_catalogue_and_no_other() {
    let cache = a_cache();
    cache.put("kept", b"yes", A_MINUTE).await;
    assert_eq!(catalogue(&cache, "old").await, b"old");
    let copy = cache.catalogue_or_load("page", must_not_load()).await;
    assert_eq!(copy.unwrap(), b"old");
    assert!(cache.new_catalogue_generation().await);
    assert_eq!(catalogue(&cache, "new").await, b"new");
    assert_eq!(cache.get("kept").await.unwrap(), b"yes");
}

#[tokio::test]
async fn a_reader_that_raced_a_change_cannot_put_the_old_copy_back() {
    let cache = a_cache();
    let racing = cache.catalogue_or_load("page", async {
        // It has read the old state; now the change is committed, announced, and read by another.
        assert!(cache.new_catalogue_generation().await);
        assert_eq!(catalogue(&cache, "new").await, b"new");
        loaded("old").await
    });
    assert_eq!(racing.await.unwrap(), b"old");
    assert_eq!(catalogue(&cache, "new").await, b"new");
    assert_eq!(
        cache
            .catalogue_or_load("page", must_not_load())
            .await
            .unwrap(),
        b"new"
    );
}

#[tokio::test]
async fn a_lost_generation_never_makes_old_copies_fresh() {
    let cache = a_cache();
    catalogue(&cache, "old").await;
    assert!(cache.remove("catalogue:generation").await);
    assert_eq!(catalogue(&cache, "new").await, b"new");
    assert_eq!(
        cache
            .catalogue_or_load("page", must_not_load())
            .await
            .unwrap(),
        b"new"
    );
}

#[tokio::test]
async fn a_cache_without_redis_starts_and_answers_nothing_in_bounded_time() {
    let (gate, _) = a_gated_cache();
    gate.refuse();
    let settings = CacheSettings {
        host: gate.host(),
        port: gate.port(),
        ..settings_of_redis()
    };
    let cache = Cache::lazy(&settings);
    let begun = Instant::now();
    assert_eq!(cache.get("a").await, None);
    cache.put("a", b"one", A_MINUTE).await;
    assert_eq!(catalogue(&cache, "new").await, b"new");
    assert!(begun.elapsed() < BOUNDED, "{:?}", begun.elapsed());
    let counts = cache.counts();
    assert_eq!(
        (counts.errors, counts.skipped),
        (1, 2),
        "asked once, then left alone: {counts:?}"
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_no_error_either() {
    let settings = CacheSettings {
        host: "redis.invalid".to_owned(),
        port: 1,
        ..settings_of_redis()
    };
    assert_eq!(Cache::lazy(&settings).get("a").await, None);
}

#[tokio::test]
async fn a_frozen_redis_costs_one_operation_its_limit_and_is_found_again() {
    let (gate, cache) = a_gated_cache();
    cache.put("a", b"one", A_MINUTE).await;
    gate.freeze();
    let begun = Instant::now();
    assert_eq!(cache.get("a").await, None);
    assert!(begun.elapsed() >= OPERATION_LIMIT && begun.elapsed() < BOUNDED);
    let begun = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(cache.get("a").await, None);
    }
    assert!(
        begun.elapsed() < BOUNDED,
        "the breaker must answer: {:?}",
        begun.elapsed()
    );
    gate.open();
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(cache.get("a").await.unwrap(), b"one");
}

#[tokio::test]
async fn a_slow_redis_is_as_good_as_none_and_one_probe_asks_for_all() {
    let (gate, cache) = a_gated_cache();
    cache.put("a", b"one", A_MINUTE).await;
    gate.delay(Duration::from_millis(400));
    assert_eq!(cache.get("a").await, None);
    sleep(Duration::from_millis(1_100)).await;
    let before = cache.counts();
    let eight = [(); 8].map(|()| cache.get("a"));
    futures_util::future::join_all(eight).await;
    let after = cache.counts();
    assert_eq!(
        (after.errors - before.errors, after.skipped - before.skipped),
        (1, 7)
    );
}

#[tokio::test]
async fn a_restarted_redis_is_not_even_noticed() {
    let (gate, cache) = a_gated_cache();
    cache.put("a", b"one", A_MINUTE).await;
    for _ in 0..3 {
        gate.cut();
        sleep(Duration::from_millis(30)).await;
        assert_eq!(cache.get("a").await.unwrap(), b"one");
    }
    assert_eq!(cache.counts().errors, 0);
}

/// What a function finds after a long freeze: its socket looks alive, and nobody is there.
#[tokio::test]
async fn after_a_freeze_the_idle_connection_is_replaced_and_nothing_is_missed() {
    let (gate, cache) = a_gated_cache();
    cache.put("a", b"one", A_MINUTE).await;
    gate.abandon();
    sleep(Duration::from_millis(20_100)).await;
    assert_eq!(cache.get("a").await.unwrap(), b"one");
    assert_eq!(gate.accepted_connections(), 2);
}

#[tokio::test]
async fn a_connection_that_takes_long_to_make_is_found_by_a_later_operation() {
    // Choosing another database than 0 is what makes this handshake a round trip.
    let (gate, cache) = a_gated_cache_of(CacheSettings {
        db: 1,
        ..settings_of_redis()
    });
    gate.delay(Duration::from_millis(200));
    assert_eq!(cache.get("a").await, None);
    gate.open();
    sleep(Duration::from_millis(1_100)).await;
    cache.put("a", b"one", A_MINUTE).await;
    assert_eq!(cache.get("a").await.unwrap(), b"one");
    assert_eq!(
        gate.accepted_connections(),
        1,
        "the first connection is used, not thrown away"
    );
}

#[tokio::test]
async fn a_cancelled_operation_leaves_the_cache_usable() {
    let (gate, cache) = a_gated_cache();
    gate.freeze();
    drop(tokio::time::timeout(Duration::from_millis(5), cache.get("a")).await);
    gate.open();
    cache.put("a", b"one", A_MINUTE).await;
    assert_eq!(cache.get("a").await.unwrap(), b"one");
}

#[test]
fn a_cache_can_be_shared_between_threads_and_its_futures_sent() {
    fn sendable<T: Send>(_: T) {}
    let cache = a_cache();
    sendable(cache.catalogue_or_load("a", loaded("x")));
    sendable(cache.get_or_load("a", A_MINUTE, async { Ok::<u8, Infallible>(1) }));
}
