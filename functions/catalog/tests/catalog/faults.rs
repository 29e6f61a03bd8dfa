//! What is left of the catalogue when a server goes away.

use std::time::{Duration, Instant};

use runtime_api::{Function, Request, Response};
use tokio::time::sleep;

use crate::shop::{ALL, LIST_PRODUCTS, Shop};

/// The longest that a client waits for a refusal.
const REFUSED_WITHIN: Duration = Duration::from_secs(4);
/// The longest that a thawed function, or one without Redis, takes on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

async fn timed(function: &Function, request: Request) -> (Response, Duration) {
    let begun = Instant::now();
    (function.send(request).await, begun.elapsed())
}

fn assert_refused(answer: &Response, took: Duration) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.json()["code"], "unavailable");
    assert!(took < REFUSED_WITHIN, "{took:?}");
}

#[tokio::test]
async fn without_redis_the_catalogue_is_read_from_the_database() {
    let mut shop = Shop::stocked().await;
    let gate = shop.gate_redis();
    for (binary, route, address) in ALL {
        let function = shop.start(binary);
        let with = function.send(Request::get(address).route(route)).await;
        for take_away in [runtime_api::Gate::refuse, runtime_api::Gate::freeze] {
            take_away(&gate);
            for _ in 0..3 {
                let (without, took) = timed(&function, Request::get(address).route(route)).await;
                assert_eq!((without.status, &without.body), (200, &with.body));
                assert!(took < ANSWERED_WITHIN, "{took:?}");
            }
            gate.open();
        }
    }
}

#[tokio::test]
async fn without_the_database_a_function_refuses_in_time_and_recovers_by_itself() {
    let mut shop = Shop::stocked().await;
    let redis = shop.gate_redis();
    redis.refuse();
    let gate = shop.gate_database();
    for (binary, route, address) in ALL {
        gate.refuse();
        let function = shop.start(binary);
        let (answer, took) = timed(&function, Request::get(address).route(route)).await;
        assert_refused(&answer, took);
        gate.open();
        assert_eq!(
            function
                .send(Request::get(address).route(route))
                .await
                .status,
            200
        );
        gate.refuse();
        let (answer, took) = timed(&function, Request::get(address).route(route)).await;
        assert_refused(&answer, took);
        gate.open();
        assert_eq!(
            function
                .send(Request::get(address).route(route))
                .await
                .status,
            200
        );
        assert!(function.is_alive());
    }
}

#[tokio::test]
async fn a_database_that_hangs_is_a_refusal_in_time() {
    let mut shop = Shop::stocked().await;
    shop.gate_redis().refuse();
    let gate = shop.gate_database();
    let function = shop.start(LIST_PRODUCTS);
    assert_eq!(
        function.send(Request::get("/api/products")).await.status,
        200
    );
    // After a second of idleness the connection is asked for a sign of life before it is used.
    sleep(Duration::from_millis(1_100)).await;
    gate.freeze();
    let (answer, took) = timed(&function, Request::get("/api/products")).await;
    assert_refused(&answer, took);
    gate.open();
    assert_eq!(
        function.send(Request::get("/api/products")).await.status,
        200
    );
}

#[tokio::test]
async fn without_the_database_a_copy_is_still_answered() {
    let mut shop = Shop::stocked().await;
    let gate = shop.gate_database();
    let function = shop.start(LIST_PRODUCTS);
    let first = function.send(Request::get("/api/products")).await;
    gate.refuse();
    assert_eq!(
        function.send(Request::get("/api/products")).await.body,
        first.body
    );
}

/// Lambda freezes a function as soon as it has answered, when its connection may still be on its way
/// back to the pool, asked there for a sign of life. Here the sign came, and is read after the thaw.
#[tokio::test]
async fn a_connection_that_died_in_a_freeze_is_not_trusted_for_an_old_sign_of_life() {
    after_a_freeze(Duration::from_millis(300)).await;
}

/// Here the sign of life never comes: nobody may wait for it.
#[tokio::test]
async fn a_connection_that_died_on_its_way_back_holds_nobody_up() {
    after_a_freeze(Duration::ZERO).await;
}

/// Freezes a function right after its answer, lets its connections die so much later, thaws it.
async fn after_a_freeze(alive_for: Duration) {
    let mut shop = Shop::stocked().await;
    let (database, redis) = (shop.gate_database(), shop.gate_redis());
    let function = shop.start(LIST_PRODUCTS);
    // A far database, so that the function is surely frozen before its connection is back.
    database.delay(Duration::from_millis(100));
    let first = function.send(Request::get("/api/products")).await;
    function.pause();
    assert_eq!(first.status, 200);
    sleep(alive_for).await;
    database.abandon();
    redis.abandon();
    database.open();
    sleep(Duration::from_secs(3)).await;
    function.resume();
    let (answer, took) = timed(&function, Request::get("/api/products?limit=2")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(took < ANSWERED_WITHIN, "{took:?}");
}
