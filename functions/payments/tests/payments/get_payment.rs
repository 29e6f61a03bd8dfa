//! `GET /api/payments/{reference}`.

use serde_json::json;
use stage::{Stage, answer, assert_answer};

use crate::requests::get;
use crate::{GET_PAYMENT, NEVER_GIVEN_OUT};

#[tokio::test]
async fn polling_an_attempt_settles_it_once() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(GET_PAYMENT);
    let request = || get(order.reference()).bearer(&order.token);

    assert_answer!("open", function.send(request()).await);
    stage.pay(order.page(), "success").await;
    let paid = function.send(request()).await;
    assert_answer!("paid", paid);
    assert_eq!(function.send(request()).await.body, paid.body);

    assert_eq!(stage.announced().await, ["order.paid"]);
    assert_eq!(
        stage
            .count("SELECT 1 FROM order_events WHERE kind = 'paid'")
            .await,
        1
    );
}

#[tokio::test]
async fn an_attempt_that_failed_can_still_be_paid_on_its_page() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(GET_PAYMENT);
    let request = || get(order.reference()).bearer(&order.token);

    stage.pay(order.page(), "abandoned").await;
    assert_eq!(function.send(request()).await.json()["status"], "pending");
    stage.pay(order.page(), "failed").await;
    assert_eq!(function.send(request()).await.json()["status"], "failed");
    stage.pay(order.page(), "success").await;
    assert_eq!(function.send(request()).await.json()["status"], "paid");
    assert_eq!(stage.announced().await, ["order.paid"]);
}

#[tokio::test]
async fn many_pollers_at_once_settle_once() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    let functions = runtime_api::Functions::spawn(4, GET_PAYMENT, &stage.settings(GET_PAYMENT));
    let send = || functions.send(get(order.reference()).bearer(&order.token));

    let answers = tokio::join!(send(), send(), send(), send());

    for answer in [answers.0, answers.1, answers.2, answers.3] {
        assert_eq!(
            (answer.status, answer.json()["status"].clone()),
            (200, json!("paid"))
        );
    }
    assert_eq!(stage.announced().await, ["order.paid"]);
    assert_eq!(
        stage
            .count("SELECT 1 FROM payment_events WHERE kind = 'captured'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_provider_that_does_not_answer_leaves_what_is_known() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "success").await;
    let function = stage.spawn(GET_PAYMENT);
    for action in ["html", "drop"] {
        stage
            .control(json!({ "target": "paystack.verify", "action": action, "times": 20 }))
            .await;
        let answer = function
            .send(get(order.reference()).bearer(&order.token))
            .await;
        assert_eq!(
            (answer.status, answer.json()["status"].clone()),
            (200, json!("pending"))
        );
        stage
            .control(json!({ "target": "paystack.verify", "action": action, "times": 0 }))
            .await;
    }
    assert!(stage.announced().await.is_empty());
}

#[tokio::test]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let (mine, other) = (
        stage.an_order(sandals).place().await,
        stage.an_order(sandals).place().await,
    );
    let function = stage.spawn(GET_PAYMENT);

    assert_answer!("without_token", function.send(get(mine.reference())).await);
    let nowhere = function
        .send(get(NEVER_GIVEN_OUT).bearer(&mine.token))
        .await;
    assert_answer!("not_there", nowhere);
    let truncated = &mine.token[..mine.token.len() - 1];
    for token in ["x", &other.token, truncated] {
        let refused = function.send(get(mine.reference()).bearer(token)).await;
        assert_eq!(answer(&refused), answer(&nowhere), "{token}");
    }
    for reference in ["mr-1", "x", "ord_0001"] {
        let refused = function.send(get(reference).bearer(&mine.token)).await;
        assert_eq!(answer(&refused), answer(&nowhere), "{reference}");
    }
    // The whole order is opened by its token, so are all its attempts, and no other's.
    let foreign = function
        .send(get(other.reference()).bearer(&mine.token))
        .await;
    assert_eq!(answer(&foreign), answer(&nowhere));
}
