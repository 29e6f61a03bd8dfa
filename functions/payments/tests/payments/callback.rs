//! `GET /api/payments/callback`.

use runtime_api::Response;
use serde_json::json;
use stage::{Stage, assert_answer};

use crate::requests::callback;
use crate::{CALLBACK, NEVER_GIVEN_OUT};

const STOREFRONT: &str = "https://shop.madrush.test/orders";

fn location(answer: &Response) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap()
}

#[tokio::test]
async fn the_visit_settles_and_goes_on_to_the_order_in_the_storefront() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(CALLBACK);
    let reference = order.reference();
    let to = |outcome: &str| format!("{STOREFRONT}/{}?payment={outcome}", order.number);

    let query = format!("trxref={reference}&reference={reference}");
    assert_eq!(
        location(&function.send(callback(&query)).await),
        to("pending")
    );
    stage.pay(order.page(), "failed").await;
    assert_eq!(
        location(&function.send(callback(&query)).await),
        to("failed")
    );
    stage.pay(order.page(), "success").await;
    let paid = function.send(callback(&query)).await;
    assert_answer!("paid", paid);
    assert_eq!(location(&paid), to("paid"));

    // Either name is enough, and what else the provider adds does not matter.
    for query in [
        format!("reference={reference}"),
        format!("trxref={reference}"),
        format!("reference={reference}&session=7&lang=en"),
    ] {
        assert_eq!(
            location(&function.send(callback(&query)).await),
            to("paid"),
            "{query}"
        );
    }
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn a_visit_that_names_nothing_of_ours_goes_to_the_storefront_and_nowhere_else() {
    let stage = Stage::set().await;
    let function = stage.spawn(CALLBACK);
    let before = stage.fingerprints().await;
    for query in [
        format!("reference={NEVER_GIVEN_OUT}"),
        "reference=ord_0001".to_owned(),
        "reference=https%3A%2F%2Fevil.example%2F".to_owned(),
        "reference=%0d%0aLocation:%20https://evil.example".to_owned(),
        "reference=".to_owned(),
        String::new(),
        "other=1".to_owned(),
    ] {
        let answer = function.send(callback(&query)).await;
        assert_eq!(
            location(&answer),
            format!("{STOREFRONT}?payment=unknown"),
            "{query}"
        );
    }
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_does_not_hold_up_the_browser() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    stage
        .control(
            json!({ "target": "paystack.verify", "action": "refuse", "status": 502, "times": 20 }),
        )
        .await;
    let function = stage.spawn(CALLBACK);

    let answer = function
        .send(callback(&format!("reference={}", order.reference())))
        .await;

    let expected = format!("{STOREFRONT}/{}?payment=pending", order.number);
    assert_eq!(location(&answer), expected);
    assert!(stage.announced().await.is_empty());
}
