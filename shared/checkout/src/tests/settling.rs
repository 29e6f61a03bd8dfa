use chrono::TimeDelta;
use domain::{AttemptStatus, OrderStatus, PaymentReference, PaymentStatus};
use payments::Attempt;
use serde_json::json;

use super::counter::Counter;
use crate::{
    Claim, SettleError, StartPayment, expire_order, note_stray, settle_payment, start_payment,
};

async fn settled(counter: &Counter, attempt: &Attempt) -> Attempt {
    let cause = counter.cause();
    settle_payment(&counter.shop, &cause, &attempt.reference)
        .await
        .unwrap()
        .unwrap()
}

pub(super) async fn another_attempt(counter: &Counter, attempt: &Attempt) -> Attempt {
    let wish = StartPayment {
        order: attempt.order,
        channel: attempt.channel,
    };
    let mut tx = counter.shop.database.begin().await.unwrap();
    let key = Counter::key(&uuid::Uuid::now_v7().to_string());
    start_payment(&mut tx, &counter.cause(), &key, wish)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    counter.opened(attempt.order, Claim::Held).await
}

/// Lets an order's time pass, and expires it.
pub(super) async fn expired(counter: &Counter, attempt: &Attempt) {
    counter.pass(TimeDelta::minutes(31));
    let now = counter.shop.clock.now();
    let due = orders::due(&mut counter.db.connect().await, now, 10)
        .await
        .unwrap();
    let due = due.into_iter().find(|due| due.id == attempt.order).unwrap();
    let expired = expire_order(&counter.shop, &counter.cause(), due)
        .await
        .unwrap();
    assert_eq!(expired, crate::Expired::Expired);
}

#[tokio::test]
async fn the_exact_amount_pays_the_order_whoever_asks_and_however_often() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let attempt = counter.an_open_order(sandals).await;
    assert_eq!(
        settled(&counter, &attempt).await.status,
        AttemptStatus::Open,
        "nobody has paid"
    );
    counter.payer(&attempt, "success").await;
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (shop, cause) = (counter.shop.clone(), counter.cause());
        let reference = attempt.reference.clone();
        askers.spawn(async move {
            settle_payment(&shop, &cause, &reference)
                .await
                .unwrap()
                .unwrap()
                .status
        });
    }
    let told = askers.join_all().await;
    assert!(
        told.iter().all(|status| *status == AttemptStatus::Paid),
        "{told:?}"
    );
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    assert!(counter.order(attempt.order).await.paid_at.is_some());
    assert_eq!(counter.counters(sandals).await, (5, 2));
    counter
        .close(&["order.placed", "stock.changed", "order.paid"])
        .await;
}

#[tokio::test]
async fn a_failed_attempt_can_still_turn_to_success() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "failed").await;
    assert_eq!(
        settled(&counter, &attempt).await.status,
        AttemptStatus::Failed
    );
    counter.payer(&attempt, "success").await;
    assert_eq!(
        settled(&counter, &attempt).await.status,
        AttemptStatus::Paid
    );
    counter
        .close(&["order.placed", "stock.changed", "order.paid"])
        .await;
}

#[tokio::test]
async fn too_little_is_held_and_the_rest_completes_it() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "underpaid").await;
    settled(&counter, &attempt).await;
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Underpaid)
        .await;
    let rest = another_attempt(&counter, &attempt).await;
    let owed = counter.order(attempt.order).await.totals.total.amount();
    let received = counter
        .attempt(&attempt.reference)
        .await
        .received
        .unwrap()
        .amount();
    assert_eq!(rest.amount.amount(), owed - received);
    counter.payer(&rest, "success").await;
    settled(&counter, &rest).await;
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    assert_eq!(counter.alerts().await, ["order_underpaid"]);
    counter
        .close(&[
            "order.placed",
            "stock.changed",
            "order.underpaid",
            "payment.requested",
            "order.paid",
        ])
        .await;
}

#[tokio::test]
async fn too_much_pays_the_order_and_the_surplus_is_flagged() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "overpaid").await;
    settled(&counter, &attempt).await;
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Overpaid)
        .await;
    let surplus: i64 = sqlx::query_scalar("SELECT surplus_amount FROM payments")
        .fetch_one(&mut counter.db.connect().await)
        .await
        .unwrap();
    assert_eq!(
        surplus,
        counter.order(attempt.order).await.totals.total.amount()
    );
    assert_eq!(counter.alerts().await, ["order_paid"]);
    counter
        .close(&["order.placed", "stock.changed", "order.paid"])
        .await;
}

#[tokio::test]
async fn another_currency_credits_nothing_and_staff_see_it() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "wrong_currency").await;
    assert_eq!(
        settled(&counter, &attempt).await.status,
        AttemptStatus::Unmatched
    );
    assert_eq!(
        settled(&counter, &attempt).await.status,
        AttemptStatus::Unmatched
    );
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Pending)
        .await;
    assert_eq!(counter.alerts().await, ["payment_unmatched"]);
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn a_second_payment_goes_back_by_itself() {
    let counter = Counter::open().await;
    let first = counter.an_open_order(counter.a_product(5).await).await;
    let second = another_attempt(&counter, &first).await;
    counter.payer(&first, "success").await;
    counter.payer(&second, "success").await;
    let (a, b) = tokio::join!(settled(&counter, &first), settled(&counter, &second));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [AttemptStatus::Paid, AttemptStatus::Returning]);
    counter
        .expect(first.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    let mut announced = counter.db.take_announcements().await;
    announced.sort_unstable();
    assert_eq!(
        announced,
        [
            "order.paid",
            "order.placed",
            "payment.requested",
            "refund.requested",
            "stock.changed"
        ]
    );
    counter.provider.stop().await;
}

#[tokio::test]
async fn money_after_expiry_revives_the_order_while_there_is_stock() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let attempt = counter.an_open_order(sandals).await;
    expired(&counter, &attempt).await;
    counter
        .expect(attempt.order, OrderStatus::Expired, PaymentStatus::Unpaid)
        .await;
    assert_eq!(counter.counters(sandals).await, (5, 0));
    counter.payer(&attempt, "late").await;
    settled(&counter, &attempt).await;
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    assert_eq!(counter.counters(sandals).await, (5, 2));
    counter
        .close(&[
            "order.placed",
            "stock.changed",
            "order.expired",
            "stock.changed",
            "order.paid",
            "stock.changed",
        ])
        .await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_or_lies_changes_nothing() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "success").await;
    for rule in [
        json!({"target": "paystack.verify", "action": "html", "times": 3}),
        json!({"target": "paystack.verify", "action": "refuse", "status": 500, "times": 3}),
        json!({"target": "paystack.verify", "action": "drop", "times": 3}),
    ] {
        counter.misbehave(rule.clone()).await;
        let cause = counter.cause();
        let refused = settle_payment(&counter.shop, &cause, &attempt.reference).await;
        assert!(matches!(refused, Err(SettleError::Provider(_))), "{rule}");
        counter
            .expect(attempt.order, OrderStatus::Open, PaymentStatus::Pending)
            .await;
        let mut clear = rule;
        clear["times"] = json!(0);
        counter.misbehave(clear).await;
    }
    settled(&counter, &attempt).await;
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    counter
        .close(&["order.placed", "stock.changed", "order.paid"])
        .await;
}

#[tokio::test]
async fn a_reference_that_is_not_ours_settles_nothing() {
    let counter = Counter::open().await;
    let cause = counter.cause();
    let nobody = PaymentReference::random();
    assert!(
        settle_payment(&counter.shop, &cause, &nobody)
            .await
            .unwrap()
            .is_none()
    );
    note_stray(&counter.shop, &cause, nobody.as_str())
        .await
        .unwrap();
    assert!(
        counter.alerts().await.is_empty(),
        "the provider knows it neither"
    );
    counter.close(&[]).await;
}

#[tokio::test]
async fn money_under_a_strange_reference_is_shown_to_staff_once() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "success").await;
    // The shop forgets the attempt, as if the reference had never been its own.
    let mut connection = counter.db.connect().await;
    let statement = "UPDATE payments SET reference = 'mr-00000000-0000-4000-8000-000000000000'";
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    for _ in 0..2 {
        note_stray(&counter.shop, &counter.cause(), attempt.reference.as_str())
            .await
            .unwrap();
    }
    assert_eq!(counter.alerts().await, ["payment_unmatched"]);
    counter.close(&["order.placed", "stock.changed"]).await;
}
