//! Refunds: amounts, stages, webhooks, the ledger.

use std::time::Duration;

use serde_json::{Value, json};

use crate::shop::Shop;

async fn paid_shop(scale: u32, card: &str) -> Shop {
    let shop = Shop::open_with(|config| config.time_scale = scale).await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success"), ("card", card)])
        .await;
    shop.receives(1).await;
    shop
}

async fn refund(shop: &Shop, amount: Option<i64>) -> (u16, Value) {
    shop.paystack_post(
        "/refund",
        &json!({ "transaction": "mr-1", "amount": amount }),
    )
    .await
}

fn events(shop: &Shop) -> Vec<Value> {
    shop.received()
        .iter()
        .map(crate::shop::Received::json)
        .skip(1)
        .collect()
}

#[tokio::test]
async fn a_full_refund_goes_through_its_stages_and_reverses_the_transaction() {
    let shop = paid_shop(1_000, "").await;
    let (status, body) = refund(&shop, None).await;
    assert_eq!(
        (status, &body["message"]),
        (200, &json!("Refund has been queued for processing"))
    );
    assert_eq!(
        body["data"]["transaction"]["reference"], "mr-1",
        "an object in this answer"
    );
    assert_eq!(
        (&body["data"]["status"], &body["data"]["amount"]),
        (&json!("pending"), &json!(500_000))
    );
    shop.receives_no_more_than(4).await;
    let events = events(&shop);
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["refund.pending", "refund.processing", "refund.processed"]
    );
    assert_eq!(
        events[2]["data"]["amount"], "500000",
        "text in these events"
    );
    assert_eq!(events[0]["data"]["refund_reference"], Value::Null);
    assert!(events[2]["data"]["refund_reference"].is_string());
    assert_eq!(events[2]["data"]["transaction_reference"], "mr-1");
    assert_eq!(shop.verify("mr-1").await["status"], "reversed");
    let ledger = shop.ledger().await;
    assert_eq!(ledger["captured"][0]["status"], "reversed");
    assert_eq!(ledger["refunded"][0]["status"], "processed");
    assert_eq!(ledger["refunded"][0]["amount"], 500_000);
}

#[tokio::test]
async fn partial_refunds_stop_at_what_was_paid() {
    let shop = paid_shop(1, "").await;
    assert_eq!(refund(&shop, Some(300_000)).await.0, 200);
    let (status, body) = refund(&shop, Some(200_001)).await;
    assert_eq!(
        (status, &body["message"]),
        (
            400,
            &json!("Refund amount cannot be greater than initial amount")
        )
    );
    assert_eq!(refund(&shop, Some(200_000)).await.0, 200);
    let (status, body) = refund(&shop, Some(1)).await;
    assert_eq!(
        (status, &body["code"]),
        (400, &json!("transaction_reversed"))
    );
    assert_eq!(shop.ledger().await["refunded"].as_array().unwrap().len(), 2);
    assert_eq!(
        shop.verify("mr-1").await["status"],
        "success",
        "none has been processed yet"
    );
}

#[tokio::test]
async fn refunds_are_listed_by_transaction_and_fetched_by_number() {
    let shop = paid_shop(1, "").await;
    let (_, created) = refund(&shop, Some(100_000)).await;
    let id = created["data"]["id"].clone();
    let transaction = shop.verify("mr-1").await["id"].clone();
    let (_, list) = shop
        .paystack_get(&format!("/refund?transaction={transaction}"))
        .await;
    assert_eq!(list["message"], "Refunds retrieved");
    assert_eq!(
        (&list["data"][0]["id"], &list["data"][0]["transaction"]),
        (&id, &transaction)
    );
    assert!(
        list["data"][0].get("created_at").is_some(),
        "another spelling in lists"
    );
    let (_, none) = shop.paystack_get("/refund?transaction=1").await;
    assert_eq!(none["data"], json!([]));
    let (_, fetched) = shop.paystack_get(&format!("/refund/{id}")).await;
    assert_eq!(fetched["message"], "Refund retrieved");
    assert_eq!(
        fetched["data"]["transaction"], transaction,
        "a number in this answer"
    );
    assert!(fetched["data"].get("createdAt").is_some());
    assert_eq!(shop.paystack_get("/refund/1").await.0, 404);
}

#[tokio::test]
async fn what_was_not_paid_or_is_not_there_cannot_be_refunded() {
    let shop = Shop::open().await;
    shop.initialize("mr-1", 500_000).await;
    assert_eq!(refund(&shop, None).await.0, 400);
    let (status, body) = shop
        .paystack_post("/refund", &json!({ "transaction": "mr-9" }))
        .await;
    assert_eq!(
        (status, &body["message"]),
        (400, &json!("Transaction not found"))
    );
    assert_eq!(shop.paystack_post("/refund", &json!({})).await.0, 400);
    assert_eq!(shop.ledger().await["refunded"], json!([]));
}

#[tokio::test]
async fn a_card_of_the_test_page_makes_its_refund_fail_and_the_money_stay() {
    let shop = paid_shop(1_000, "4084080000671803").await;
    refund(&shop, None).await;
    shop.receives_no_more_than(4).await;
    let last = events(&shop).pop().unwrap();
    assert_eq!(last["event"], "refund.failed");
    assert_eq!(last["data"]["amount"], 500_000, "a number in this event");
    assert_eq!(shop.verify("mr-1").await["status"], "success");
    assert_eq!(refund(&shop, None).await.0, 200, "it can be refunded again");
}

#[tokio::test]
async fn a_refund_that_needs_attention_goes_on_with_the_payers_account() {
    let shop = paid_shop(1_000, "4084080000671902").await;
    let (_, created) = refund(&shop, None).await;
    let id = created["data"]["id"].clone();
    shop.receives_no_more_than(4).await;
    let last = events(&shop).pop().unwrap();
    assert_eq!(last["event"], "refund.needs-attention");
    assert_eq!(
        last["data"]["id"],
        id.to_string(),
        "its id is there, as text"
    );
    let path = format!("/refund/retry_with_customer_details/{id}");
    let details = json!({ "refund_account_details": { "currency": "NGN", "account_number": "1234567890", "bank_id": "9" } });
    let (status, body) = shop.paystack_post(&path, &details).await;
    assert_eq!(
        (status, &body["data"]["status"]),
        (200, &json!("processing"))
    );
    let (status, body) = shop.paystack_post(&path, &details).await;
    assert_eq!((status, &body["code"]), (422, &json!("invalid_params")));
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if shop.ledger().await["refunded"][0]["status"] == "processed" {
            return;
        }
    }
    panic!("the refund was never processed");
}
