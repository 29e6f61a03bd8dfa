//! The schedule `expire-orders`.

use domain::Channel;
use runtime_api::{Function, schedule_event};
use serde_json::{Value, json};
use stage::{Report, Stage};

use crate::{EXPIRE_ORDERS, PROCESS_ORDER};

async fn tick(function: &Function) -> Value {
    function.invoke(&schedule_event()).await.unwrap()
}

fn report(expired: u32, paid: u32, kept: u32) -> Value {
    json!({ "expired": expired, "paid": paid, "kept": kept, "failed": 0 })
}

/// The reservation ran out this long ago.
async fn let_it_run_out(stage: &Stage, ago: &str) {
    stage
        .execute(&format!(
            "UPDATE orders SET expires_at = now() - interval '{ago}' WHERE expires_at IS NOT NULL"
        ))
        .await;
}

#[tokio::test]
async fn an_order_that_was_not_paid_in_time_gives_its_stock_back_once() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).place().await;
    let expire = stage.spawn(EXPIRE_ORDERS);
    assert_eq!(tick(&expire).await, report(0, 0, 0), "not due yet");

    let_it_run_out(&stage, "1 second").await;
    assert_eq!(tick(&expire).await, report(1, 0, 0));
    assert_eq!(tick(&expire).await, report(0, 0, 0), "once");

    assert_eq!(stage.counters(sandals).await, (10, 0));
    let row = stage.row("SELECT status, payment_status FROM orders").await;
    assert_eq!(
        row,
        json!({ "status": "expired", "payment_status": "unpaid" })
    );
    let event = stage
        .row("SELECT actor, detail FROM order_events WHERE kind = 'expired'")
        .await;
    assert_eq!(event["actor"], "expire-orders");

    let process = stage.spawn(PROCESS_ORDER);
    assert_eq!(
        stage.deliver(&process, "order_processing").await,
        Report::done(1)
    );
    let told = stage
        .row("SELECT kind, channel, order_id FROM notifications")
        .await;
    assert_eq!(
        told,
        json!({ "kind": "expired", "channel": "email", "order_id": order.id })
    );
    assert_eq!(
        stage.announced().await,
        ["notification.requested", "stock.changed"]
    );
}

#[tokio::test]
async fn the_provider_is_asked_once_more_before_an_order_expires() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let order = stage.an_order(sandals).place().await;
    stage.pay(order.page(), "success").await;
    let_it_run_out(&stage, "1 second").await;
    let expire = stage.spawn(EXPIRE_ORDERS);

    assert_eq!(tick(&expire).await, report(0, 1, 0));

    let row = stage.row("SELECT status, payment_status FROM orders").await;
    assert_eq!(row, json!({ "status": "open", "payment_status": "paid" }));
    assert_eq!(stage.counters(sandals).await, (10, 2));
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn while_the_provider_does_not_answer_an_order_is_kept_for_an_hour_and_then_expires() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    stage.an_order(sandals).place().await;
    let away =
        json!({ "target": "paystack.verify", "action": "refuse", "status": 503, "times": 100 });
    stage.control(away).await;
    let expire = stage.spawn(EXPIRE_ORDERS);

    let_it_run_out(&stage, "50 minutes").await;
    assert_eq!(tick(&expire).await, report(0, 0, 1));
    assert_eq!(stage.counters(sandals).await, (10, 2));

    let_it_run_out(&stage, "61 minutes").await;
    assert_eq!(tick(&expire).await, report(1, 0, 0));
    assert_eq!(stage.counters(sandals).await, (10, 0));
    assert_eq!(stage.announced().await, ["order.expired", "stock.changed"]);
}

#[tokio::test]
async fn orders_that_wait_for_nothing_do_not_expire() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 20).await;
    let rider = stage
        .an_order(sandals)
        .channel(Channel::OnDelivery)
        .place()
        .await;
    let underpaid = stage.an_order(sandals).place().await;
    stage.pay(underpaid.page(), "underpaid").await;
    let reference = &underpaid.attempt.as_ref().unwrap().reference;
    checkout::settle_payment(&stage.resources, &stage.cause(), reference)
        .await
        .unwrap();
    let_it_run_out(&stage, "1 day").await;
    let expire = stage.spawn(EXPIRE_ORDERS);

    assert_eq!(tick(&expire).await, report(0, 0, 0));

    assert_eq!(stage.counters(sandals).await, (20, 4));
    assert!(rider.attempt.is_none());
    assert_eq!(stage.announced().await, ["order.underpaid"]);
}

#[tokio::test]
async fn two_schedules_at_once_release_the_stock_once() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 20).await;
    for _ in 0..5 {
        stage.an_order(sandals).place().await;
    }
    let_it_run_out(&stage, "1 second").await;
    let (one, other) = (stage.spawn(EXPIRE_ORDERS), stage.spawn(EXPIRE_ORDERS));

    let (one, other) = tokio::join!(tick(&one), tick(&other));

    let both = one["expired"].as_i64().unwrap() + other["expired"].as_i64().unwrap();
    assert_eq!(both, 5, "{one} {other}");
    assert_eq!((&one["failed"], &other["failed"]), (&json!(0), &json!(0)));
    assert_eq!(stage.counters(sandals).await, (20, 0));
    assert_eq!(
        stage.announced().await,
        [["order.expired"; 5], ["stock.changed"; 5]].concat()
    );
}
