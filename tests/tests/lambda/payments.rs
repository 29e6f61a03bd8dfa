//! The payments' functions.

use runtime_api::{Message, Request, Response, rabbitmq_event};
use sandbox::paystack_signature;
use serde_json::{Value, json};
use stage::{PAYSTACK_KEY, Stage};

use crate::audience::{an_order, done, pay};
use crate::instance::Lambda;

pub(crate) async fn start_payment(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;
    let start = |key: &str, channel: &str| {
        Request::post(&format!("/api/orders/{}/payments", order.number))
            .route("/api/orders/{number}/payments")
            .bearer(&order.token)
            .header("idempotency-key", key)
            .json(&json!({ "channel": channel }))
    };

    let transfer = function.send(start("key-1", "bank_transfer")).await;
    assert_eq!(transfer.status, 201, "{}", transfer.text());
    assert!(
        transfer.text().contains("account_number"),
        "{}",
        transfer.text()
    );
    function.freeze().await;
    let ussd = function.send(start("key-2", "ussd")).await;
    assert_eq!(ussd.status, 201, "{}", ussd.text());
    assert!(ussd.text().contains("*737*"), "{}", ussd.text());
    assert_eq!(stage.count("SELECT 1 FROM payments").await, 3);
    stage.announced().await;
    function.end();
}

pub(crate) async fn get_payment(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;
    let get = || {
        Request::get(&format!("/api/payments/{}", order.reference()))
            .route("/api/payments/{reference}")
            .bearer(&order.token)
    };

    let open = function.send(get()).await;
    assert_eq!(
        (open.status, &open.json()["status"]),
        (200, &json!("pending")),
        "{}",
        open.text()
    );
    function.freeze().await;
    pay(&stage, &order).await;
    // Whoever looks makes the shop ask the provider, not more often than every few seconds.
    stage
        .execute("UPDATE payments SET updated_at = updated_at - interval '1 minute'")
        .await;
    let paid = function.send(get()).await;
    assert_eq!(paid.status, 200, "{}", paid.text());
    assert_eq!(paid.json()["status"], "paid", "{}", paid.text());
    assert_eq!(stage.announced().await, ["order.paid"]);
    function.end();
}

pub(crate) async fn payment_callback(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;
    let visit = || {
        let query = format!("trxref={0}&reference={0}", order.reference());
        Request::get(&format!("/api/payments/callback?{query}")).route("/api/payments/callback")
    };
    let assert_sent_on = |answer: &Response, outcome: &str| {
        let to = format!(
            "https://shop.madrush.test/orders/{}?payment={outcome}",
            order.number
        );
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(to.as_str()))
        );
    };

    assert_sent_on(&function.send(visit()).await, "pending");
    function.freeze().await;
    pay(&stage, &order).await;
    assert_sent_on(&function.send(visit()).await, "paid");
    assert_eq!(stage.announced().await, ["order.paid"]);
    function.end();
}

pub(crate) async fn paystack_webhook(lambda: Lambda) {
    let stage = Stage::set().await;
    let mut function = lambda.start(&stage).await;
    let told = |amount: i64, key: &str| {
        let body = json!({
            "event": "charge.success",
            "data": { "id": amount, "status": "success", "reference": "mr-0001", "amount": amount },
        });
        let body = body.to_string();
        Request::post("/api/webhooks/paystack")
            .route("/api/webhooks/paystack")
            .header("content-type", "application/json")
            .header(
                "x-paystack-signature",
                &paystack_signature(key, body.as_bytes()),
            )
            .body(body)
    };

    assert_eq!(function.send(told(1, PAYSTACK_KEY)).await.status, 200);
    assert_eq!(
        function.send(told(2, "sk_test_of_another")).await.status,
        401
    );
    function.freeze().await;
    assert_eq!(function.send(told(3, PAYSTACK_KEY)).await.status, 200);
    assert_eq!(stage.count("SELECT 1 FROM webhook_inbox").await, 2);
    assert_eq!(stage.announced().await, ["paystack.event"; 2]);
    function.end();
}

pub(crate) async fn process_payment(lambda: Lambda) {
    let stage = Stage::set().await;
    let (one, other) = (an_order(&stage).await, an_order(&stage).await);
    let mut function = lambda.start(&stage).await;
    let check = |reference: &str| {
        let envelope = stage
            .a_message("payment.check", json!({ "reference": reference }))
            .to_bytes();
        let envelope: Value = serde_json::from_slice(&envelope).expect("JSON");
        rabbitmq_event("payment_processing", "/", &[Message::event(&envelope)])
    };

    pay(&stage, &one).await;
    assert_eq!(function.invoke(&check(one.reference())).await, done(1));
    function.freeze().await;
    pay(&stage, &other).await;
    assert_eq!(function.invoke(&check(other.reference())).await, done(1));

    assert_eq!(
        stage
            .count("SELECT 1 FROM orders WHERE payment_status = 'paid'")
            .await,
        2
    );
    assert_eq!(stage.announced().await, ["order.paid"; 2]);
    function.end();
}
