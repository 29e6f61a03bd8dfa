//! What the functions count.

use runtime_api::{Metrics, Request};

use crate::shop::{LIST_PRODUCTS, Shop};

fn list() -> Request {
    Request::get("/api/products").route("/api/products")
}

#[tokio::test]
async fn look_ups_are_counted_as_found_or_not_and_a_cache_that_is_away_as_such() {
    let mut shop = Shop::stocked().await;
    let gate = shop.gate_redis();
    let function = shop.start(LIST_PRODUCTS);

    // Twice, for the list of the first is copied while its connection may still be being made.
    function.send(list()).await;
    function.send(list()).await;
    function.send(list()).await;
    let found = |metrics: &Metrics| metrics.contains_key("cache_hits");
    let metrics = function.metrics_until(found).await;
    assert!(metrics.contains_key("cache_misses"), "{metrics:?}");

    gate.refuse();
    function.send(list()).await;
    let away = |metrics: &Metrics| metrics.contains_key("cache_unavailable");
    function.metrics_until(away).await;
}
