use domain::{AttemptStatus, OrderStatus, PaymentStatus, RefundId, RefundStatus};
use payments::{Attempt, find_refund};
use serde_json::json;

use super::counter::Counter;
use super::settling::{another_attempt, expired};
use crate::{RefundError, check_refund, send_refund, settle_payment};

async fn the_refund(counter: &Counter) -> RefundId {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM refunds")
        .fetch_one(&mut counter.db.connect().await)
        .await
        .unwrap();
    id.into()
}

async fn status(counter: &Counter, refund: RefundId) -> RefundStatus {
    find_refund(&mut counter.db.connect().await, refund)
        .await
        .unwrap()
        .status
}

/// Asks until the provider has got on with it; its clock is sped up.
async fn processed(counter: &Counter, refund: RefundId) {
    for _ in 0..200 {
        check_refund(&counter.shop, &counter.cause(), refund)
            .await
            .unwrap();
        if status(counter, refund).await == RefundStatus::Processed {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the refund is {:?}", status(counter, refund).await);
}

/// An order that was paid twice: the attempt whose money goes back.
async fn paid_twice(counter: &Counter) -> Attempt {
    let first = counter.an_open_order(counter.a_product(5).await).await;
    let second = another_attempt(counter, &first).await;
    for attempt in [&first, &second] {
        counter.payer(attempt, "success").await;
        settle_payment(&counter.shop, &counter.cause(), &attempt.reference)
            .await
            .unwrap();
    }
    second
}

async fn end(counter: Counter) {
    counter.db.take_announcements().await;
    counter.close(&[]).await;
}

#[tokio::test]
async fn a_duplicate_goes_back_whole_and_the_order_stays_paid() {
    let counter = Counter::open().await;
    let duplicate = paid_twice(&counter).await;
    let refund = the_refund(&counter).await;
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    processed(&counter, refund).await;
    counter
        .expect_attempt(&duplicate, AttemptStatus::Refunded)
        .await;
    counter
        .expect(duplicate.order, OrderStatus::Open, PaymentStatus::Paid)
        .await;
    assert_eq!(counter.ledger().await.refunded.len(), 1);
    end(counter).await;
}

#[tokio::test]
async fn after_an_unclear_answer_the_refund_is_looked_up_and_not_asked_for_twice() {
    let counter = Counter::open().await;
    paid_twice(&counter).await;
    let refund = the_refund(&counter).await;
    let lost = json!({"target": "paystack.refund", "action": "drop"});
    counter.misbehave(lost).await;
    let unclear = send_refund(&counter.shop, &counter.cause(), refund).await;
    assert!(matches!(unclear, Err(RefundError::Provider(_))));
    assert_eq!(status(&counter, refund).await, RefundStatus::Sending);
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    processed(&counter, refund).await;
    assert_eq!(counter.ledger().await.refunded.len(), 1);
    end(counter).await;
}

#[tokio::test]
async fn a_refund_that_took_effect_unheard_is_found_at_the_provider() {
    let counter = Counter::open().await;
    paid_twice(&counter).await;
    let refund = the_refund(&counter).await;
    let unheard =
        json!({"target": "paystack.refund", "action": "timeout_after_commit", "ms": 11_000});
    counter.misbehave(unheard).await;
    assert!(
        send_refund(&counter.shop, &counter.cause(), refund)
            .await
            .is_err()
    );
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    processed(&counter, refund).await;
    assert_eq!(counter.ledger().await.refunded.len(), 1);
    end(counter).await;
}

#[tokio::test]
async fn money_after_expiry_without_stock_goes_back_and_the_order_says_so() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(2).await;
    let late = counter.an_open_order(sandals).await;
    expired(&counter, &late).await;
    let other = counter.an_open_order(sandals).await;
    counter.payer(&late, "late").await;
    let settled = settle_payment(&counter.shop, &counter.cause(), &late.reference)
        .await
        .unwrap();
    assert_eq!(settled.unwrap().status, AttemptStatus::Returning);
    assert_eq!(
        counter.counters(sandals).await,
        (2, 2),
        "the other buyer keeps both"
    );
    let refund = the_refund(&counter).await;
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    processed(&counter, refund).await;
    counter
        .expect(late.order, OrderStatus::Expired, PaymentStatus::Refunded)
        .await;
    counter
        .expect(other.order, OrderStatus::Open, PaymentStatus::Pending)
        .await;
    end(counter).await;
}

#[tokio::test]
async fn a_refused_refund_is_left_to_staff() {
    let counter = Counter::open().await;
    paid_twice(&counter).await;
    let refund = the_refund(&counter).await;
    let refuse = json!({"target": "paystack.refund", "action": "refuse", "status": 400});
    counter.misbehave(refuse).await;
    send_refund(&counter.shop, &counter.cause(), refund)
        .await
        .unwrap();
    assert_eq!(status(&counter, refund).await, RefundStatus::Failed);
    assert_eq!(counter.alerts().await, ["refund_stuck"]);
    counter.db.take_announcements().await;
    counter.provider.stop().await;
}
