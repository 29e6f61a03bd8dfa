//! Every misbehaviour of calls and events.

use std::time::{Duration, Instant};

use sandbox::paystack_signature;
use serde_json::{Value, json};

use crate::shop::{KEY, Shop, answered};

fn initialize(shop: &Shop, reference: &str) -> reqwest::RequestBuilder {
    let body = json!({ "email": "ada@example.com", "amount": 500_000, "reference": reference });
    shop.http
        .post(shop.url("/paystack/transaction/initialize"))
        .bearer_auth(KEY)
        .json(&body)
}

#[tokio::test]
async fn a_refusal_holds_for_so_many_calls_and_has_the_documented_body() {
    let shop = Shop::open().await;
    shop.control(
        json!({ "target": "paystack.initialize", "action": "refuse", "status": 429, "times": 2 }),
    )
    .await;
    for _ in 0..2 {
        let (status, body) = answered(initialize(&shop, "mr-1")).await;
        assert_eq!((status, &body["code"]), (429, &json!("rate_limited")));
        assert_eq!(body["message"], "Rate limit exceeded!");
    }
    assert_eq!(
        initialize(&shop, "mr-1").send().await.unwrap().status(),
        200
    );
    shop.control(json!({ "target": "paystack.*", "action": "refuse" }))
        .await;
    assert_eq!(shop.paystack_get("/balance").await.0, 500);
    shop.control(json!({ "target": "paystack.verify", "action": "refuse", "status": 404, "body": { "status": false, "message": "Gone" } })).await;
    let (status, body) = shop.paystack_get("/transaction/verify/mr-1").await;
    assert_eq!((status, &body["message"]), (404, &json!("Gone")));
}

#[tokio::test]
async fn a_match_keeps_a_rule_for_its_own_reference() {
    let shop = Shop::open().await;
    let order = json!({ "target": "paystack.initialize", "action": "refuse", "match": { "reference": "mr-2" } });
    shop.control(order).await;
    assert_eq!(
        initialize(&shop, "mr-1").send().await.unwrap().status(),
        200
    );
    assert_eq!(
        initialize(&shop, "mr-2").send().await.unwrap().status(),
        500
    );
    assert_eq!(
        initialize(&shop, "mr-2").send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn a_delay_combines_with_a_refusal() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.initialize", "action": "delay", "ms": 200 }))
        .await;
    shop.control(json!({ "target": "paystack.initialize", "action": "refuse", "status": 503 }))
        .await;
    let begin = Instant::now();
    assert_eq!(
        initialize(&shop, "mr-1").send().await.unwrap().status(),
        503
    );
    assert!(begin.elapsed() >= Duration::from_millis(200));
    assert_eq!(shop.get("/control").await["active"], json!([]));
}

#[tokio::test]
async fn html_comes_with_200_and_nothing_is_done() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.initialize", "action": "html" }))
        .await;
    let answer = initialize(&shop, "mr-1").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(shop.paystack_get("/transaction/verify/mr-1").await.0, 400);
}

#[tokio::test]
async fn a_dropped_call_gets_no_byte_and_a_hanging_one_no_answer() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.initialize", "action": "drop" }))
        .await;
    let error = initialize(&shop, "mr-1").send().await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    shop.control(json!({ "target": "paystack.initialize", "action": "hang" }))
        .await;
    let patience = Duration::from_millis(150);
    let error = initialize(&shop, "mr-1")
        .timeout(patience)
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(
        shop.paystack_get("/transaction/verify/mr-1").await.0,
        400,
        "neither was done"
    );
}

#[tokio::test]
async fn a_timeout_after_the_commit_leaves_the_work_done() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.initialize", "action": "timeout_after_commit" }))
        .await;
    let patience = Duration::from_millis(200);
    assert!(
        initialize(&shop, "mr-1")
            .timeout(patience)
            .send()
            .await
            .unwrap_err()
            .is_timeout()
    );
    assert_eq!(shop.verify("mr-1").await["status"], "abandoned");
    let (status, body) = answered(initialize(&shop, "mr-1")).await;
    assert_eq!(
        (status, &body["code"]),
        (400, &json!("duplicate_reference"))
    );
}

#[tokio::test]
async fn a_dropped_webhook_never_comes() {
    let shop = Shop::open_with(|config| config.time_scale = 100_000).await;
    shop.control(json!({ "target": "paystack.webhook", "action": "drop" }))
        .await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(shop.received().len(), 0);
    assert_eq!(shop.verify("mr-1").await["status"], "success");
}

#[tokio::test]
async fn a_webhook_comes_five_times_and_before_the_browser_is_sent_back() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.webhook", "action": "repeat", "count": 5 }))
        .await;
    shop.control(json!({ "target": "paystack.webhook", "action": "before_answer" }))
        .await;
    let page = shop.initialize("mr-1", 500_000).await;
    let answer = shop.choose(&page, &[("outcome", "success")]).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(
        shop.received().len(),
        5,
        "all had come when the answer came"
    );
    shop.receives_no_more_than(5).await;
}

#[tokio::test]
async fn a_webhook_can_come_before_the_answer_to_initialize() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.initialize", "action": "before_answer" }))
        .await;
    assert_eq!(
        initialize(&shop, "mr-1").send().await.unwrap().status(),
        200
    );
    let received = shop.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json()["data"]["reference"], "mr-1");
}

#[tokio::test]
async fn a_wrong_signature_is_wrong() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.webhook", "action": "wrong_signature" }))
        .await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    let webhook = shop.receives(1).await.remove(0);
    assert_ne!(
        webhook.header("x-paystack-signature"),
        paystack_signature(KEY, &webhook.body)
    );
}

async fn shuffled(seed: u64) -> Vec<String> {
    let shop = Shop::open().await;
    shop.control(
        json!({ "target": "paystack.webhook", "action": "shuffle", "times": 6, "seed": seed }),
    )
    .await;
    for number in 0..6 {
        assert_eq!(shop.received().len(), 0, "they wait for each other");
        let page = shop.initialize(&format!("mr-{number}"), 500_000).await;
        shop.choose(&page, &[("outcome", "success")]).await;
    }
    let reference = |webhook: &crate::shop::Received| {
        webhook.json()["data"]["reference"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    shop.receives_no_more_than(6)
        .await
        .iter()
        .map(reference)
        .collect()
}

#[tokio::test]
async fn shuffled_webhooks_come_in_an_order_of_their_seed() {
    let order = shuffled(3).await;
    assert_ne!(order, ["mr-0", "mr-1", "mr-2", "mr-3", "mr-4", "mr-5"]);
    assert_eq!(order, shuffled(3).await);
}

#[tokio::test]
async fn clearing_lets_go_what_shuffle_held() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.webhook", "action": "shuffle", "times": 9 }))
        .await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(shop.received().len(), 0);
    let answer = shop.http.delete(shop.url("/control")).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    shop.receives(1).await;
}

#[tokio::test]
async fn a_webhook_can_be_delayed() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "paystack.webhook", "action": "delay", "ms": 200 }))
        .await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(shop.received().len(), 0);
    shop.receives(1).await;
}

#[tokio::test]
async fn rules_are_listed_taken_back_and_cleared() {
    let shop = Shop::open().await;
    shop.control(json!({ "target": "smtp", "action": "defer", "times": 3 }))
        .await;
    shop.control(json!({ "target": "paystack.verify", "action": "hang" }))
        .await;
    let active = shop.get("/control").await["active"].clone();
    assert_eq!(active.as_array().unwrap().len(), 2);
    assert_eq!(
        (&active[0]["target"], &active[0]["times"]),
        (&json!("smtp"), &json!(3))
    );
    shop.control(json!({ "target": "smtp", "action": "defer", "times": 0 }))
        .await;
    assert_eq!(
        shop.get("/control").await["active"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    shop.http.delete(shop.url("/control")).send().await.unwrap();
    assert_eq!(shop.get("/control").await["active"], json!([]));
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_422_with_a_reason() {
    let shop = Shop::open().await;
    let refused = async |order: Value| -> String {
        let (status, body) = answered(shop.http.post(shop.url("/control")).json(&order)).await;
        assert_eq!(status, 422, "{order}");
        body["error"].as_str().unwrap().to_owned()
    };
    let unknown = refused(json!({ "target": "smtp", "action": "defer", "tmies": 3 })).await;
    assert!(unknown.contains("tmies"), "{unknown}");
    let target = refused(json!({ "target": "paystack.webhok", "action": "drop" })).await;
    assert!(
        target.contains("paystack.webhook"),
        "the right names are told: {target}"
    );
    let action = refused(json!({ "target": "smtp", "action": "html" })).await;
    assert!(action.contains("defer"), "{action}");
    refused(json!({ "target": "smtp", "action": "refuse", "status": 200 })).await;
    refused(json!({ "target": "smtp", "action": "refuse", "match": { "who": "x" } })).await;
    refused(json!({ "target": "smtp", "action": "refuse", "times": -1 })).await;
}
