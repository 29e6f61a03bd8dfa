use chrono::TimeDelta;
use domain::{AttemptStatus, OrderStatus, PaymentStatus};
use orders::DueOrder;
use payments::Attempt;

use super::counter::Counter;
use crate::{Expired, expire_order};

fn due(counter: &Counter, attempt: &Attempt) -> DueOrder {
    counter.pass(TimeDelta::minutes(31));
    DueOrder {
        id: attempt.order,
        expires_at: attempt.expires_at,
    }
}

#[tokio::test]
async fn an_unpaid_order_expires_once_and_its_stock_goes_back() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let attempt = counter.an_open_order(sandals).await;
    let due = due(&counter, &attempt);
    let cause = counter.cause();
    let (a, b) = tokio::join!(
        expire_order(&counter.shop, &cause, due),
        expire_order(&counter.shop, &cause, due)
    );
    let mut ended = [
        a.unwrap() == Expired::Expired,
        b.unwrap() == Expired::Expired,
    ];
    ended.sort_unstable();
    assert_eq!(ended, [false, true]);
    assert_eq!(counter.counters(sandals).await, (5, 0));
    counter
        .close(&[
            "order.placed",
            "stock.changed",
            "order.expired",
            "stock.changed",
        ])
        .await;
}

#[tokio::test]
async fn an_order_that_was_paid_unheard_is_paid_instead() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    counter.payer(&attempt, "success").await;
    let due = due(&counter, &attempt);
    let expired = expire_order(&counter.shop, &counter.cause(), due)
        .await
        .unwrap();
    assert_eq!(expired, Expired::Paid);
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    counter.expect_attempt(&attempt, AttemptStatus::Paid).await;
    counter
        .close(&["order.placed", "stock.changed", "order.paid"])
        .await;
}

#[tokio::test]
async fn while_the_provider_is_away_an_order_is_kept_but_not_for_ever() {
    let counter = Counter::open().await;
    let attempt = counter.an_open_order(counter.a_product(5).await).await;
    let due = due(&counter, &attempt);
    counter.refuses("paystack.verify", 3).await;
    let kept = expire_order(&counter.shop, &counter.cause(), due)
        .await
        .unwrap();
    assert_eq!(kept, Expired::Kept);
    counter
        .expect(attempt.order, OrderStatus::Open, PaymentStatus::Pending)
        .await;
    counter.pass(TimeDelta::hours(2));
    counter.refuses("paystack.verify", 3).await;
    let expired = expire_order(&counter.shop, &counter.cause(), due)
        .await
        .unwrap();
    assert_eq!(expired, Expired::Expired);
    counter
        .close(&[
            "order.placed",
            "stock.changed",
            "order.expired",
            "stock.changed",
        ])
        .await;
}
