//! Many writers and readers over a database of versions, while Redis is frozen, killed, wiped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::*;

const OPERATIONS: usize = 10_000;
const INSTANCES: usize = 16;
const PAGES: usize = 6;
/// One operation in so many is a change.
const CHANGES: u64 = 12;

/// The truth, and what has been answered of it.
#[derive(Default)]
struct Shop {
    committed: [AtomicU64; PAGES],
    answered: [AtomicU64; PAGES],
    done: AtomicUsize,
}

impl Shop {
    async fn change(&self, cache: &Cache, page: usize) {
        let version = self.committed[page].fetch_add(1, Ordering::SeqCst) + 1;
        pause(1_000).await;
        cache.catalogue_changed().await;
        self.answered[page].fetch_max(version, Ordering::SeqCst);
    }

    async fn read(&self, cache: &Cache, page: usize) {
        let least = self.answered[page].load(Ordering::SeqCst);
        let key = format!("page-{page}");
        let read = cache.catalogue_or_load(&key, async {
            pause(2_000).await;
            let version = self.committed[page].load(Ordering::SeqCst);
            pause(4_000).await;
            // Some are short and some long, so that both kinds of copies are made.
            Ok::<_, Infallible>(
                format!("{version:0>width$}", width = 10 + page * 1_000).into_bytes(),
            )
        });
        let shown: u64 = String::from_utf8(read.await.unwrap())
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            shown >= least,
            "page {page}: {shown} was shown after {least} was answered"
        );
    }

    /// An instance of a function, which works one request after another.
    async fn instance(self: Arc<Self>, cache: Cache) -> Cache {
        while self.done.fetch_add(1, Ordering::SeqCst) < OPERATIONS {
            let page = fastrand::usize(..PAGES);
            if fastrand::u64(..CHANGES) == 0 {
                self.change(&cache, page).await;
            } else {
                self.read(&cache, page).await;
            }
        }
        cache
    }

    async fn until_done(&self, tenths: usize) {
        while self.done.load(Ordering::SeqCst) < OPERATIONS * tenths / 10 {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn pause(up_to_microseconds: u64) {
    let length = fastrand::u64(..up_to_microseconds);
    if length > up_to_microseconds / 4 {
        sleep(Duration::from_micros(length)).await;
    }
}

/// Runs all operations, and `trouble` beside them; answers how many look-ups found a copy.
async fn run(settings: &CacheSettings, trouble: impl AsyncFnOnce(&Shop)) -> u64 {
    let shop = Arc::<Shop>::default();
    let mut instances = JoinSet::new();
    for _ in 0..INSTANCES {
        let cache = Cache {
            copy_life: Duration::from_secs(1),
            ..Cache::lazy(settings)
        };
        instances.spawn(Arc::clone(&shop).instance(cache));
    }
    let (caches, ()) = tokio::join!(instances.join_all(), trouble(&shop));
    caches.iter().map(|cache| cache.counts().hits).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_that_begins_after_a_change_was_answered_shows_what_was_before() {
    let hits = run(&settings_of_redis(), async |_| {}).await;
    assert!(
        hits > OPERATIONS as u64 / 10,
        "only {hits} copies were used"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_redis_is_frozen_killed_restarted_and_wiped_meanwhile() {
    let (redis, settings) = own_redis().await;
    let hits = run(&settings, async |shop| {
        shop.until_done(2).await;
        redis.freeze();
        sleep(Duration::from_millis(300)).await;
        redis.thaw();
        shop.until_done(4).await;
        redis.kill().await.unwrap();
        redis.start_again().await.unwrap();
        shop.until_done(6).await;
        redis.kill().await.unwrap();
        sleep(Duration::from_millis(500)).await;
        redis.start_again().await.unwrap();
        shop.until_done(7).await;
        let wiping = Cache::lazy(&settings);
        wiping.link.ask::<()>(redis::cmd("FLUSHALL")).await.unwrap();
        shop.until_done(8).await;
        redis.freeze();
        sleep(Duration::from_millis(1_500)).await;
        redis.thaw();
    })
    .await;
    assert!(
        hits > OPERATIONS as u64 / 20,
        "only {hits} copies were used"
    );
}

/// Each writer is cut off from Redis again and again, and the readers are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_writers_alone_are_cut_off_from_redis() {
    let settings = settings_of_redis();
    let (gate, writer) = a_gated_cache_of(settings.clone());
    let with_short_life = |cache| Cache {
        copy_life: Duration::from_millis(1_200),
        ..cache
    };
    let (shop, writer) = (Arc::<Shop>::default(), with_short_life(writer));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (shop, cache) = (Arc::clone(&shop), with_short_life(Cache::lazy(&settings)));
        readers.spawn(async move {
            while shop.done.load(Ordering::SeqCst) == 0 {
                shop.read(&cache, 0).await;
                sleep(Duration::from_millis(1)).await;
            }
            cache.counts().hits
        });
    }
    for away in [
        Gate::freeze,
        Gate::open,
        Gate::abandon,
        Gate::cut,
        Gate::freeze,
    ] {
        sleep(Duration::from_millis(200)).await;
        away(&gate);
        shop.change(&writer, 0).await;
        gate.open();
    }
    shop.done.store(1, Ordering::SeqCst);
    let hits: u64 = readers.join_all().await.iter().sum();
    assert!(hits > 100, "only {hits} copies were used");
}
