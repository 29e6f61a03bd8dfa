//! Paystack's webhooks: their body, their signature, their retries.

use sandbox::paystack_signature;
use serde_json::json;

use crate::shop::{KEY, Shop};

#[tokio::test]
async fn a_payment_is_told_by_a_signed_webhook() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    let webhook = shop.receives_no_more_than(1).await.remove(0);
    assert_eq!(webhook.path, "/api/webhooks/paystack");
    assert_eq!(webhook.header("content-type"), "application/json");
    let signature = paystack_signature(KEY, &webhook.body);
    assert_eq!(webhook.header("x-paystack-signature"), signature);
    let event = webhook.json();
    let data = &event["data"];
    assert_eq!(event["event"], "charge.success");
    assert_eq!(
        (&data["reference"], &data["amount"]),
        (&json!("mr-1"), &json!(500_000))
    );
    assert_eq!(
        (&data["status"], &data["domain"]),
        (&json!("success"), &json!("test"))
    );
    assert_eq!(
        data["metadata"], 0,
        "a card's webhook has a number for absent metadata"
    );
    assert_eq!(data["plan"], json!({}));
}

#[tokio::test]
async fn a_webhook_is_sent_again_until_the_answer_is_exactly_200() {
    let shop = Shop::open_with(|config| config.time_scale = 20_000).await;
    shop.will_answer([500, 204, 302]);
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    let webhooks = shop.receives_no_more_than(4).await;
    assert!(
        webhooks
            .iter()
            .all(|webhook| webhook.body == webhooks[0].body)
    );
    let deliveries = shop.get("/deliveries").await;
    let tries: Vec<_> = deliveries
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["attempt"].as_u64().unwrap(),
                row["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(tries, [(1, 500), (2, 204), (3, 302), (4, 200)]);
    assert_eq!(deliveries[0]["reference"], "mr-1");
}

#[tokio::test]
async fn without_a_target_no_webhook_is_sent() {
    let shop = Shop::open_with(|config| config.webhook_url = None).await;
    let page = shop.initialize("mr-1", 500_000).await;
    assert_eq!(
        shop.choose(&page, &[("outcome", "success")]).await.status(),
        303
    );
    assert_eq!(shop.get("/deliveries").await, json!([]));
}
