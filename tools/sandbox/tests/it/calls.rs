//! Paystack's calls: documented bodies and errors.

use serde_json::{Value, json};

use crate::shop::{KEY, Shop, answered};

#[tokio::test]
async fn initialize_answers_as_documented_and_the_transaction_is_abandoned_until_paid() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-0001", 500_000).await;
    assert!(page.starts_with(&shop.url("/paystack/checkout/")), "{page}");
    let data = shop.verify("mr-0001").await;
    assert!(data["id"].as_u64().unwrap() >= 4_000_000_000);
    assert_eq!(data["status"], "abandoned");
    assert_eq!(
        data["gateway_response"],
        "The transaction was not completed"
    );
    assert_eq!(
        (&data["amount"], &data["requested_amount"]),
        (&json!(500_000), &json!(500_000))
    );
    assert_eq!(data["metadata"], "", "absent metadata is an empty text");
    assert_eq!(data["authorization"], json!({}));
    for nothing in ["paid_at", "paidAt", "fees", "log", "plan"] {
        assert_eq!(data[nothing], Value::Null, "{nothing}");
    }
}

#[tokio::test]
async fn metadata_comes_back_as_an_object_also_when_it_was_sent_as_text() {
    let shop = Shop::open().await;
    for (reference, metadata) in [
        ("mr-1", json!({ "order": "A1" })),
        ("mr-2", json!("{\"order\":\"A1\"}")),
    ] {
        let body = json!({ "email": "ada@example.com", "amount": "20000", "reference": reference, "metadata": metadata });
        assert_eq!(
            shop.paystack_post("/transaction/initialize", &body).await.0,
            200
        );
        assert_eq!(
            shop.verify(reference).await["metadata"],
            json!({ "order": "A1" })
        );
    }
}

#[tokio::test]
async fn a_missing_key_and_a_wrong_key_are_told_apart() {
    let shop = Shop::open().await;
    let url = shop.url("/paystack/transaction/verify/x");
    let (status, body) = answered(shop.http.get(&url)).await;
    assert_eq!(
        (status, &body["message"]),
        (401, &json!("No Authorization Header was found"))
    );
    let (status, body) = answered(shop.http.get(&url).bearer_auth("sk_test_other")).await;
    assert_eq!(
        (status, body),
        (401, json!({ "status": false, "message": "Invalid key" }))
    );
}

#[tokio::test]
async fn a_reference_is_spent_once_it_was_initialized() {
    let shop = Shop::open().await;
    shop.initialize("mr-0001", 500_000).await;
    let body = json!({ "email": "ada@example.com", "amount": 100_000, "reference": "mr-0001" });
    let (status, body) = shop.paystack_post("/transaction/initialize", &body).await;
    assert_eq!(status, 400);
    let expected = json!({
        "status": false,
        "message": "Duplicate Transaction Reference",
        "meta": { "nextStep": "Try and create the Transaction or Charge with a new reference" },
        "type": "validation_error",
        "code": "duplicate_reference",
        "errorCodeMappingNotFound": false
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn wrong_input_to_initialize_is_refused_with_the_documented_bodies() {
    let shop = Shop::open().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "email": "ada@example.com", "amount": 500_000, "currency": "NGN" });
        body[field] = value;
        body
    };
    for (body, message) in [
        (json!({ "amount": 500_000 }), "Email Address is required"),
        (with("email", json!("ada")), "Invalid Email Address Passed"),
        (with("amount", json!(4_999)), "Invalid Amount Sent"),
        (with("amount", json!(0)), "Invalid Amount Sent"),
        (with("amount", json!(-5_000)), "Invalid Amount Sent"),
        (with("amount", json!(5000.5)), "Invalid Amount Sent"),
        (with("amount", json!("many")), "Invalid Amount Sent"),
        (with("amount", json!(1_000_000_001)), "Invalid Amount Sent"),
        (
            with("currency", json!("GHS")),
            "Currency not supported by merchant",
        ),
        (
            with("reference", json!("a b")),
            "Transaction reference contains illegal characters",
        ),
    ] {
        let (status, answer) = shop.paystack_post("/transaction/initialize", &body).await;
        assert_eq!(
            (status, &answer["message"]),
            (400, &json!(message)),
            "{body}"
        );
        assert_eq!(answer["status"], false);
        assert_eq!(answer["type"], "validation_error");
    }
    let (_, missing) = shop
        .paystack_post("/transaction/initialize", &json!({}))
        .await;
    assert_eq!(missing["code"], "missing_params");
    assert_eq!(missing["meta"]["nextStep"], "Provide all required params");
    let broken = shop
        .http
        .post(shop.url("/paystack/transaction/initialize"))
        .bearer_auth(KEY)
        .body("{")
        .send()
        .await
        .unwrap();
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn an_unknown_reference_is_400_and_not_found() {
    let shop = Shop::open().await;
    let (status, body) = shop.paystack_get("/transaction/verify/mr-nobody").await;
    assert_eq!(
        (status, &body["message"]),
        (400, &json!("Transaction reference not found"))
    );
    assert_eq!(body["code"], "transaction_not_found");
}

#[tokio::test]
async fn a_transaction_is_fetched_by_its_number() {
    let shop = Shop::open().await;
    shop.initialize("mr-0001", 500_000).await;
    let id = shop.verify("mr-0001").await["id"].clone();
    let (status, body) = shop.paystack_get(&format!("/transaction/{id}")).await;
    assert_eq!(
        (status, &body["message"]),
        (200, &json!("Transaction retrieved"))
    );
    assert_eq!(body["data"]["reference"], "mr-0001");
    assert!(body["data"].get("helpdesk_link").is_some());
    assert_eq!(shop.paystack_get("/transaction/mr-0001").await.0, 400);
}

#[tokio::test]
async fn the_list_filters_and_pages_by_offset() {
    let shop = Shop::open().await;
    for number in 0..5 {
        let page = shop.initialize(&format!("mr-{number}"), 500_000).await;
        if number % 2 == 0 {
            shop.choose(&page, &[("outcome", "success")]).await;
        }
    }
    let (_, body) = shop
        .paystack_get("/transaction?status=success&perPage=2&page=2")
        .await;
    assert_eq!(body["message"], "Transactions retrieved");
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
    assert_eq!(body["data"][0]["reference"], "mr-0", "newest first");
    assert_eq!(body["data"][0]["metadata"], Value::Null);
    let meta = &body["meta"];
    assert_eq!((&meta["total"], &meta["pageCount"]), (&json!(3), &json!(2)));
    assert_eq!(meta["total_volume"], 1_500_000);
    let (_, none) = shop.paystack_get("/transaction?from=2999-01-01").await;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn the_list_pages_by_cursor_to_the_end_and_back() {
    let shop = Shop::open().await;
    for number in 0..5 {
        shop.initialize(&format!("mr-{number}"), 500_000).await;
    }
    let references = |body: &Value| -> Vec<String> {
        let rows = body["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["reference"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = "/transaction?use_cursor=true&perPage=2".to_owned();
    let (mut path, mut seen) = (first.clone(), Vec::new());
    let last = loop {
        let (_, body) = shop.paystack_get(&path).await;
        seen.extend(references(&body));
        let Some(next) = body["meta"]["next"].as_str() else {
            break body["meta"].clone();
        };
        path = format!("{first}&next={}", next.replace('=', "%3D"));
    };
    assert_eq!(seen, ["mr-4", "mr-3", "mr-2", "mr-1", "mr-0"]);
    let previous = last["previous"].as_str().unwrap().replace('=', "%3D");
    let (_, back) = shop
        .paystack_get(&format!("{first}&previous={previous}"))
        .await;
    assert_eq!(references(&back), ["mr-2", "mr-1"]);
}

#[tokio::test]
async fn banks_accounts_and_the_balance_are_there_to_ask() {
    let shop = Shop::open().await;
    let (_, banks) = shop.paystack_get("/bank?country=nigeria").await;
    assert_eq!(banks["message"], "Banks retrieved");
    assert!(
        banks["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|bank| bank["code"] == "058")
    );
    let (_, resolved) = shop
        .paystack_get("/bank/resolve?account_number=0022728151&bank_code=058")
        .await;
    assert_eq!(resolved["data"]["account_name"], "TEST ACCOUNT 0022728151");
    let (status, _) = shop
        .paystack_get("/bank/resolve?account_number=1&bank_code=058")
        .await;
    assert_eq!(status, 422);
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    let (_, balance) = shop.paystack_get("/balance").await;
    assert_eq!(
        balance["data"],
        json!([{ "currency": "NGN", "balance": 500_000 }])
    );
}
