//! What came, and what happens (design: "Outcomes of settlement"), through the queue.

use checkout::{Expired, expire_order};
use orders::DueOrder;
use serde_json::{Value, json};
use stage::{Placed, Report, Stage};

use crate::{PROCESS_PAYMENT, QUEUE};

async fn check(stage: &Stage, order: &Placed) {
    let process = stage.spawn(PROCESS_PAYMENT);
    let message = stage.a_message("payment.check", json!({ "reference": order.reference() }));
    assert_eq!(
        stage.hand(&process, QUEUE, &[message]).await,
        Report::done(1)
    );
}

async fn standing(stage: &Stage, order: &Placed) -> Value {
    stage
        .row(&format!(
            "SELECT o.status, o.payment_status, p.status AS attempt, p.received_amount AS received,
                 p.surplus_amount AS surplus
             FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = '{}'",
            order.id
        ))
        .await
}

async fn alerts(stage: &Stage) -> Vec<Value> {
    stage
        .rows("SELECT kind FROM activity WHERE alert ORDER BY id")
        .await
}

async fn paid_with(outcome: &str) -> (Stage, Value) {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), outcome).await;
    check(&stage, &order).await;
    let standing = standing(&stage, &order).await;
    (stage, standing)
}

#[tokio::test]
async fn less_than_owed_holds_the_order_and_alerts_staff() {
    let (stage, standing) = paid_with("underpaid").await;
    let expected = json!({ "status": "open", "payment_status": "underpaid", "attempt": "paid",
        "received": 600_000, "surplus": 0 });
    assert_eq!(standing, expected);
    assert_eq!(alerts(&stage).await, [json!({ "kind": "order_underpaid" })]);
    assert_eq!(stage.announced().await, ["order.underpaid"]);
}

#[tokio::test]
async fn more_than_owed_is_paid_and_the_surplus_is_flagged() {
    let (stage, standing) = paid_with("overpaid").await;
    let expected = json!({ "status": "open", "payment_status": "overpaid", "attempt": "paid",
        "received": 2_400_000, "surplus": 1_200_000 });
    assert_eq!(standing, expected);
    assert_eq!(alerts(&stage).await, [json!({ "kind": "order_paid" })]);
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn another_currency_credits_nothing_and_alerts_staff() {
    let (stage, standing) = paid_with("wrong_currency").await;
    let expected = json!({ "status": "open", "payment_status": "pending", "attempt": "unmatched",
        "received": null, "surplus": 0 });
    assert_eq!(standing, expected);
    let noted = stage
        .row("SELECT reason, amount, currency FROM unmatched_payments")
        .await;
    let expected = json!({ "reason": "other_currency", "amount": 1_200_000, "currency": "USD" });
    assert_eq!(noted, expected);
    assert_eq!(
        alerts(&stage).await,
        [json!({ "kind": "payment_unmatched" })]
    );
    assert!(stage.announced().await.is_empty());
}

/// Expires the order, then its payer pays on the old page.
async fn pay_after_expiry(stage: &Stage, order: &Placed) {
    stage
        .execute("UPDATE orders SET expires_at = now() - interval '1 minute'")
        .await;
    let due = DueOrder {
        id: order.id,
        expires_at: stage.resources.clock.now(),
    };
    let expired = expire_order(&stage.resources, &stage.cause(), due)
        .await
        .unwrap();
    assert_eq!(expired, Expired::Expired);
    assert_eq!(stage.announced().await, ["order.expired", "stock.changed"]);
    stage.pay(order.page(), "late").await;
}

#[tokio::test]
async fn money_after_expiry_revives_the_order_while_there_is_stock() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 2).await;
    let order = stage.an_order(sandals).place().await;
    pay_after_expiry(&stage, &order).await;
    assert_eq!(stage.counters(sandals).await, (2, 0));

    check(&stage, &order).await;

    let standing = standing(&stage, &order).await;
    assert_eq!(
        (&standing["status"], &standing["payment_status"]),
        (&json!("open"), &json!("paid"))
    );
    assert_eq!(stage.counters(sandals).await, (2, 2));
    assert_eq!(stage.count("SELECT 1 FROM refunds").await, 0);
    assert_eq!(stage.announced().await, ["order.paid", "stock.changed"]);
}

#[tokio::test]
async fn money_after_expiry_goes_back_once_the_stock_is_gone() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 2).await;
    let order = stage.an_order(sandals).place().await;
    pay_after_expiry(&stage, &order).await;
    stage.an_order(sandals).place().await;

    check(&stage, &order).await;
    check(&stage, &order).await;
    let process = stage.spawn(PROCESS_PAYMENT);
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));

    let refund = stage.row("SELECT amount, reason FROM refunds").await;
    assert_eq!(refund, json!({ "amount": 1_200_000, "reason": "late" }));
    let refunded = stage.ledger().await["refunded"].clone();
    assert_eq!(refunded, json!([[order.reference(), 1_200_000, "NGN"]]));
    assert_eq!(stage.counters(sandals).await, (2, 2));
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "refund.check"
        ]
    );
}
