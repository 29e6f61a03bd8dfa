use chrono::TimeDelta;
use domain::{AttemptStatus, Channel};
use serde_json::json;

use super::counter::Counter;
use crate::{Claim, OpenPaymentError, Opening, follow_payment, open_payment};

#[tokio::test]
async fn whoever_holds_the_claim_tells_the_provider_and_the_others_wait() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let order = counter.place(&Counter::wish(sandals, 1)).await.unwrap();
    let reference = counter.latest(order).await.reference;
    let other = open_payment(&counter.shop, &counter.cause(), &reference, Claim::Take)
        .await
        .unwrap();
    assert!(matches!(other, Opening::Busy(_)));
    let attempt = counter.opened(order, Claim::Held).await;
    assert!(
        attempt
            .authorization_url
            .unwrap()
            .contains("/paystack/checkout/")
    );
    let again = open_payment(&counter.shop, &counter.cause(), &reference, Claim::Take)
        .await
        .unwrap();
    assert!(matches!(again, Opening::Already(_)));
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn an_answer_that_was_lost_leads_to_a_new_attempt_and_the_old_one_is_watched() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let order = counter.place(&Counter::wish(sandals, 1)).await.unwrap();
    let first = counter.latest(order).await;
    let lost = json!({"target": "paystack.initialize", "action": "timeout_after_commit"});
    counter.misbehave(lost).await;
    let unclear = open_payment(
        &counter.shop,
        &counter.cause(),
        &first.reference,
        Claim::Held,
    )
    .await;
    assert!(matches!(unclear, Err(OpenPaymentError::Provider(_))));
    let busy = open_payment(
        &counter.shop,
        &counter.cause(),
        &first.reference,
        Claim::Take,
    )
    .await;
    assert!(
        matches!(busy, Ok(Opening::Busy(_))),
        "an unclear claim is left to run out"
    );
    counter.pass(TimeDelta::seconds(21));
    let replaced = open_payment(
        &counter.shop,
        &counter.cause(),
        &first.reference,
        Claim::Take,
    )
    .await;
    let Ok(Opening::Replaced(second)) = replaced else {
        panic!("{replaced:?}")
    };
    assert_ne!(second.reference, first.reference);
    counter.expect_attempt(&first, AttemptStatus::Open).await;
    counter
        .close(&["order.placed", "stock.changed", "payment.requested"])
        .await;
}

#[tokio::test]
async fn following_opens_mails_the_link_and_schedules_the_checks_once() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let order = counter.place(&Counter::wish(sandals, 1)).await.unwrap();
    let reference = counter.latest(order).await.reference;
    counter.pass(TimeDelta::seconds(21));
    let message = uuid::Uuid::now_v7();
    for _ in 0..2 {
        follow_payment(&counter.shop, &counter.cause(), message, &reference)
            .await
            .unwrap();
    }
    let checks = counter.shop.terms.checks.len();
    let mut announced = vec!["order.placed", "stock.changed"];
    announced.extend(vec!["payment.check"; checks]);
    announced.extend(["notification.requested"; 2]);
    counter.close(&announced).await;
}

#[tokio::test]
async fn a_refused_attempt_is_over_and_staff_are_told() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let order = counter.place(&Counter::wish(sandals, 1)).await.unwrap();
    let refuse = json!({"target": "paystack.initialize", "action": "refuse", "status": 400});
    counter.misbehave(refuse).await;
    let attempt = counter.latest(order).await;
    let refused = open_payment(
        &counter.shop,
        &counter.cause(),
        &attempt.reference,
        Claim::Held,
    )
    .await;
    assert!(refused.is_err());
    counter
        .expect_attempt(&attempt, AttemptStatus::Failed)
        .await;
    assert_eq!(counter.alerts().await, ["payment_refused"]);
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn a_bank_transfer_has_an_account_and_ussd_a_code() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let mut wish = Counter::wish(sandals, 1);
    wish.channel = Channel::BankTransfer;
    let order = counter.place(&wish).await.unwrap();
    let account = counter
        .opened(order, Claim::Held)
        .await
        .bank_account
        .unwrap();
    assert_eq!(account.account_number.len(), 10);
    let closes = account.expires_at.unwrap();
    assert!(counter.order(order).await.expires_at.unwrap() >= closes - TimeDelta::seconds(1));
    wish.channel = Channel::Ussd;
    let order = counter.place(&wish).await.unwrap();
    assert!(
        counter
            .opened(order, Claim::Held)
            .await
            .ussd_code
            .unwrap()
            .contains("737")
    );
    counter
        .close(&["order.placed", "stock.changed"].repeat(2))
        .await;
}
