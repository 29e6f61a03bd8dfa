//! When the database is away, and when an instance was frozen.

use std::time::{Duration, Instant};

use runtime_api::{Function, Request, Response};
use stage::{Stage, assert_answer};

use crate::requests::{a_wish, get, place};
use crate::{GET_ORDER, PLACE_ORDER};

/// The bound that the shop promises while its database is away. The function's own limit is 3 s; the
/// rest is what a busy machine may need to run it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);
/// The bound that the shop promises for the first event after a freeze; a healthy answer takes some
/// 20 ms, so a busy machine has a hundredfold to spare.
const THAWS_WITHIN: Duration = Duration::from_secs(2);

async fn timed(function: &Function, request: Request) -> (Response, Duration) {
    let begun = Instant::now();
    let answer = function.send(request).await;
    (answer, begun.elapsed())
}

async fn assert_unavailable(function: &Function, request: Request) -> Response {
    let (answer, took) = timed(function, request).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(took < ANSWERS_WITHIN, "{took:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    answer
}

#[tokio::test]
async fn place_order_without_its_database_answers_503_and_recovers_by_itself() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let gate = stage.gate();
    gate.refuse();
    let function = stage.spawn_behind(&gate, PLACE_ORDER);
    let wish = a_wish(sandals);

    let away = assert_unavailable(&function, place("key-1", &wish)).await;
    assert_answer!("place_order_without_database", away);
    gate.open();
    assert_eq!(function.send(place("key-1", &wish)).await.status, 201);

    // And once more, with connections that were alive a moment ago.
    gate.refuse();
    assert_unavailable(&function, place("key-2", &wish)).await;
    gate.open();
    assert_eq!(function.send(place("key-2", &wish)).await.status, 201);

    // A server that hangs instead of refusing.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    gate.freeze();
    assert_unavailable(&function, place("key-3", &wish)).await;
    gate.open();
    assert_eq!(function.send(place("key-3", &wish)).await.status, 201);
    assert_eq!(stage.counters(sandals).await, (10, 6));
    assert_eq!(
        stage.announced().await,
        [["order.placed"; 3], ["stock.changed"; 3]].concat()
    );
}

#[tokio::test]
async fn get_order_without_its_database_answers_503_and_recovers_by_itself() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let gate = stage.gate();
    let function = stage.spawn_behind(&gate, GET_ORDER);
    let request = || get(&order.number).bearer(&order.token);

    gate.refuse();
    let away = assert_unavailable(&function, request()).await;
    assert_answer!("get_order_without_database", away);
    gate.open();
    assert_eq!(function.send(request()).await.status, 200);
    gate.reset();
    assert_unavailable(&function, request()).await;
    gate.open();
    assert_eq!(function.send(request()).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    gate.freeze();
    assert_unavailable(&function, request()).await;
    gate.open();
    assert_eq!(function.send(request()).await.status, 200);
}

/// Lambda freezes an instance between invocations for as long as it likes. Meanwhile a connection may
/// be forgotten by what lies between, without anybody telling either end.
#[tokio::test]
async fn after_thirty_seconds_frozen_the_next_event_is_answered_within_two() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).place().await;
    let (intact, forgotten) = (stage.gate(), stage.gate());
    let read = || get(&order.number).bearer(&order.token);
    let functions = [&intact, &forgotten].map(|gate| {
        [
            stage.spawn_behind(gate, PLACE_ORDER),
            stage.spawn_behind(gate, GET_ORDER),
        ]
    });
    for (index, [placing, reading]) in functions.iter().enumerate() {
        let placed = placing
            .send(place(&format!("warm-{index}"), &a_wish(sandals)))
            .await;
        assert_eq!(
            (placed.status, reading.send(read()).await.status),
            (201, 200)
        );
    }

    functions.iter().flatten().for_each(Function::pause);
    forgotten.abandon();
    tokio::time::sleep(Duration::from_secs(30)).await;
    functions.iter().flatten().for_each(Function::resume);

    for (index, [placing, reading]) in functions.iter().enumerate() {
        let (answer, took) =
            timed(placing, place(&format!("thawed-{index}"), &a_wish(sandals))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert!(took < THAWS_WITHIN, "place-order {index}: {took:?}");
        let (answer, took) = timed(reading, read()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(took < THAWS_WITHIN, "get-order {index}: {took:?}");
    }
    assert_eq!(
        stage.announced().await,
        [["order.placed"; 4], ["stock.changed"; 4]].concat()
    );
}
