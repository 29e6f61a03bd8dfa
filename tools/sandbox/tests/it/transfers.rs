//! `POST /charge`: pay-with-transfer and USSD.

use serde_json::{Value, json};

use crate::shop::{Shop, answered};

async fn charge(shop: &Shop, channel: &str, value: Value) -> Value {
    let mut body = json!({ "email": "ada@example.com", "amount": "25000", "currency": "NGN", "reference": "mr-1" });
    body[channel] = value;
    let (status, body) = shop.paystack_post("/charge", &body).await;
    assert_eq!(
        (status, &body["message"]),
        (200, &json!("Charge attempted")),
        "{body}"
    );
    body["data"].clone()
}

async fn transfer(shop: &Shop, account: &Value, amount: i64) -> Value {
    let body = json!({ "account_number": account, "amount": amount, "sender_name": "Bola" });
    let url = shop.url("/paystack/control/bank-transfer");
    answered(shop.http.post(url).json(&body)).await.1
}

#[tokio::test]
async fn a_transfer_of_the_exact_amount_pays() {
    let shop = Shop::open().await;
    let data = charge(&shop, "bank_transfer", json!({})).await;
    assert_eq!(data["status"], "pending_bank_transfer");
    assert_eq!(data["account_number"].as_str().unwrap().len(), 10);
    assert_eq!(
        data["bank"],
        json!({ "slug": "test-bank", "name": "Test Bank", "id": 24 })
    );
    assert_eq!(shop.verify("mr-1").await["status"], "ongoing");
    let (_, pending) = shop.paystack_get("/charge/mr-1").await;
    assert_eq!(pending["data"]["status"], "pending_bank_transfer");
    assert_eq!(
        transfer(&shop, &data["account_number"], 25_000).await["outcome"],
        "paid"
    );
    let event = shop.receives(1).await[0].json();
    assert_eq!(event["event"], "charge.success");
    assert_eq!(event["data"]["channel"], "bank_transfer");
    assert_eq!(event["data"]["authorization"]["sender_name"], "Bola");
    assert_eq!(
        (&event["data"]["metadata"], &event["data"]["fees"]),
        (&json!(""), &json!(375))
    );
    let (_, done) = shop.paystack_get("/charge/mr-1").await;
    assert_eq!(done["data"]["status"], "success");
}

#[tokio::test]
async fn another_amount_or_a_second_transfer_is_rejected() {
    let shop = Shop::open().await;
    let account = charge(&shop, "bank_transfer", json!({})).await["account_number"].clone();
    assert_eq!(
        transfer(&shop, &account, 30_000).await["outcome"],
        "rejected"
    );
    let event = shop.receives(1).await[0].json();
    assert_eq!(event["event"], "bank.transfer.rejected");
    let id = shop.verify("mr-1").await["id"].to_string();
    let expected = json!({
        "amount": "30000", "message": "incorrect amount sent",
        "message_type": "INCORRECT_AMOUNT", "transaction_id": id
    });
    assert_eq!(event["data"]["bank_transfer"], expected);
    assert_eq!(transfer(&shop, &account, 25_000).await["outcome"], "paid");
    assert_eq!(
        transfer(&shop, &account, 25_000).await["outcome"],
        "rejected"
    );
    assert_eq!(shop.ledger().await["captured"].as_array().unwrap().len(), 1);
    assert_eq!(
        transfer(&shop, &json!("0000000000"), 1).await["error"],
        "there is no such account"
    );
}

#[tokio::test]
async fn ussd_gives_a_code_and_pays_when_it_was_dialled() {
    let shop = Shop::open().await;
    let data = charge(&shop, "ussd", json!({ "type": "737" })).await;
    assert_eq!(data["status"], "pay_offline");
    assert!(data["ussd_code"].as_str().unwrap().starts_with("*737*"));
    let url = shop.url("/paystack/control/ussd");
    let order = json!({ "reference": "mr-1", "outcome": "success" });
    let (_, dialled) = answered(shop.http.post(url).json(&order)).await;
    assert_eq!(dialled["outcome"], "paid");
    assert_eq!(shop.verify("mr-1").await["channel"], "ussd");
}

#[tokio::test]
async fn charges_are_refused_as_documented() {
    let shop = Shop::open().await;
    let (status, body) = shop.paystack_get("/charge/mr-9").await;
    let expected = json!({ "status": false, "message": "Transaction reference is invalid" });
    assert_eq!((status, body), (400, expected));
    let small = json!({ "email": "ada@example.com", "amount": 9_999, "bank_transfer": {} });
    assert_eq!(shop.paystack_post("/charge", &small).await.0, 400);
    let nothing = json!({ "email": "ada@example.com", "amount": 25_000 });
    assert_eq!(shop.paystack_post("/charge", &nothing).await.0, 400);
}
