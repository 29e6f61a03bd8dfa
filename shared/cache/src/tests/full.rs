//! What Redis has no room for, and what takes less room.

use super::*;

fn a_long_page(of: &str) -> String {
    format!(
        "[{}]",
        vec![format!("{{\"name\":\"{of}\"}}"); 500].join(",")
    )
}

#[tokio::test]
async fn a_full_redis_serves_what_it_has_keeps_nothing_new_and_hears_of_changes() {
    let (_redis, settings) = own_redis().await;
    let cache = Cache::lazy(&settings);
    assert_eq!(catalogue(&cache, "old").await, b"old");
    let set = |name: &str, value: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg(name).arg(value);
        set
    };
    cache
        .link
        .ask::<()>(set("maxmemory-policy", "noeviction"))
        .await
        .unwrap();
    cache.link.ask::<()>(set("maxmemory", "1")).await.unwrap();

    assert_eq!(catalogue(&cache, "not loaded").await, b"old");
    for _ in 0..3 {
        let other = cache.catalogue_or_load("other", loaded("other")).await;
        assert_eq!(other.unwrap(), b"other");
        cache.put("a", b"one", A_MINUTE).await;
    }
    assert_eq!(catalogue(&cache, "not loaded").await, b"old");
    assert_eq!(cache.counts().errors, 6, "each was told");
    assert_eq!(cache.counts().skipped, 0, "and Redis is not thought dead");

    assert!(cache.new_catalogue_generation().await);
    for page in ["new", "newer"] {
        assert_eq!(catalogue(&cache, page).await, page.as_bytes());
    }
    cache.link.ask::<()>(set("maxmemory", "0")).await.unwrap();
    assert_eq!(catalogue(&cache, "newest").await, b"newest");
    assert_eq!(catalogue(&cache, "not loaded").await, b"newest");
}

#[tokio::test]
async fn a_wiped_redis_loses_the_copies_and_nothing_else() {
    let (_redis, settings) = own_redis().await;
    let cache = Cache::lazy(&settings);
    assert_eq!(catalogue(&cache, "old").await, b"old");
    cache.link.ask::<()>(redis::cmd("FLUSHALL")).await.unwrap();
    assert_eq!(catalogue(&cache, "new").await, b"new");
    assert_eq!(catalogue(&cache, "not loaded").await, b"new");
    assert_eq!(cache.counts().errors, 0);
}

#[tokio::test]
async fn a_long_copy_is_kept_compressed() {
    let (cache, page) = (a_cache(), a_long_page("Ankara shirt"));
    assert_eq!(catalogue(&cache, &page).await, page.as_bytes());
    let kept = cache.get("catalogue:kept:page").await.unwrap();
    assert!(
        kept.len() < page.len() / 10,
        "{} of {}",
        kept.len(),
        page.len()
    );
    assert_eq!(catalogue(&cache, "not loaded").await, page.as_bytes());
}

#[tokio::test]
async fn a_damaged_copy_is_loaded_again_and_replaced() {
    let (cache, page) = (a_cache(), a_long_page("Ankara shirt"));
    catalogue(&cache, &page).await;
    let mut kept = cache.get("catalogue:kept:page").await.unwrap();
    *kept.last_mut().unwrap() ^= 1;
    cache.put("catalogue:kept:page", &kept, A_MINUTE).await;
    let again = a_long_page("Agbada");
    assert_eq!(catalogue(&cache, &again).await, again.as_bytes());
    assert_eq!(catalogue(&cache, "not loaded").await, again.as_bytes());
}

#[tokio::test]
async fn a_copy_costs_one_command() {
    let (_redis, settings) = own_redis().await;
    let cache = Cache::lazy(&settings);
    catalogue(&cache, "page").await;
    let commands = async || {
        let mut info = redis::cmd("INFO");
        info.arg("stats");
        let info: String = cache.link.ask(info).await.unwrap();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("total_commands_processed:"));
        line.unwrap().parse::<u64>().unwrap()
    };
    let before = commands().await;
    catalogue(&cache, "not loaded").await;
    assert_eq!(
        commands().await - before,
        2,
        "the look-up, and the first count"
    );
}
