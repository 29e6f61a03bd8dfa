//! When the database is away.

use std::time::{Duration, Instant};

use runtime_api::{Function, Gate, Request};
use stage::{Stage, assert_answer};

use crate::requests::{callback, charge_success, get, signed, start};
use crate::{CALLBACK, GET_PAYMENT, NEVER_GIVEN_OUT, START_PAYMENT, WEBHOOK};

/// The bound that the shop promises while its database is away. The function's own limit is 3 s; the
/// rest is what a busy machine may need to run it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(4);

async fn assert_unavailable(function: &Function, request: Request) {
    let begun = Instant::now();
    let answer = function.send(request).await;
    let took = begun.elapsed();
    assert!(took < ANSWERS_WITHIN, "{took:?}");
    assert_answer!("without_database", answer);
}

/// Refused from the start, refused again after it had answered, and hanging: each time 503, and the
/// same process answers once the database is back.
async fn assert_recovers(
    gate: &Gate,
    function: &Function,
    request: impl Fn() -> Request,
    status: u16,
) {
    gate.refuse();
    assert_unavailable(function, request()).await;
    gate.open();
    assert_eq!(function.send(request()).await.status, status);
    gate.refuse();
    assert_unavailable(function, request()).await;
    gate.open();
    assert_eq!(function.send(request()).await.status, status);
    // An idle connection is asked for a sign of life after a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    gate.freeze();
    assert_unavailable(function, request()).await;
    gate.open();
    assert_eq!(function.send(request()).await.status, status);
}

#[tokio::test]
async fn get_payment_recovers_by_itself() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let gate = stage.gate();
    let function = stage.spawn_behind(&gate, GET_PAYMENT);
    let request = || get(order.reference()).bearer(&order.token);
    assert_recovers(&gate, &function, request, 200).await;
}

#[tokio::test]
async fn start_payment_recovers_by_itself() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let gate = stage.gate();
    let function = stage.spawn_behind(&gate, START_PAYMENT);
    let request = || start(&order.number, "key-1", "card").bearer(&order.token);
    assert_recovers(&gate, &function, request, 201).await;
    assert_eq!(stage.count("SELECT 1 FROM payments").await, 2);
    assert_eq!(stage.announced().await, ["payment.requested"]);
}

#[tokio::test]
async fn payment_callback_recovers_by_itself() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let gate = stage.gate();
    let function = stage.spawn_behind(&gate, CALLBACK);
    let request = || callback(&format!("reference={}", order.reference()));
    assert_recovers(&gate, &function, request, 303).await;
}

#[tokio::test]
async fn paystack_webhook_recovers_by_itself_and_keeps_nothing_half() {
    let stage = Stage::set().await;
    let gate = stage.gate();
    let function = stage.spawn_behind(&gate, WEBHOOK);
    let request = || signed(&charge_success(NEVER_GIVEN_OUT, 1));
    assert_recovers(&gate, &function, request, 200).await;
    let kept = stage.row("SELECT times FROM webhook_inbox").await;
    assert_eq!(kept["times"], 3);
    assert_eq!(stage.announced().await, ["paystack.event"]);
}
