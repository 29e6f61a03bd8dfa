//! The payment page: each outcome, where the browser goes, and that money is taken once.

use serde_json::{Value, json};

use crate::shop::{CALLBACK, Shop};

fn location(answer: &reqwest::Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn the_page_shows_shop_amount_and_reference() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-0001", 1_250_050).await;
    let html = shop
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for shown in ["Mad Rush", "₦12,500.50", "mr-0001", "ada@example.com"] {
        assert!(html.contains(shown), "{shown}");
    }
    for outcome in [
        "success",
        "failed",
        "abandoned",
        "underpaid",
        "overpaid",
        "wrong_currency",
        "late",
    ] {
        assert!(html.contains(&format!("value=\"{outcome}\"")), "{outcome}");
    }
    assert!(!html.to_lowercase().contains("paystack"));
}

#[tokio::test]
async fn success_pays_and_sends_the_browser_back_with_both_names_of_the_reference() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-0001", 500_000).await;
    let answer = shop.choose(&page, &[("outcome", "success")]).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(
        location(&answer),
        format!("{CALLBACK}?trxref=mr-0001&reference=mr-0001")
    );
    let data = shop.verify("mr-0001").await;
    assert_eq!(
        (&data["status"], &data["amount"]),
        (&json!("success"), &json!(500_000))
    );
    assert_eq!(data["paid_at"], data["paidAt"]);
    assert_eq!(data["fees"], 17_500);
    assert_eq!(data["authorization"]["last4"], "4081");
}

#[tokio::test]
async fn a_callback_that_has_a_query_keeps_it() {
    let shop = Shop::open().await;
    let body = json!({
        "email": "ada@example.com", "amount": 500_000, "reference": "mr-1",
        "callback_url": "https://shop.example/back?order=A%26B#top"
    });
    let (_, answer) = shop.paystack_post("/transaction/initialize", &body).await;
    let page = answer["data"]["authorization_url"].as_str().unwrap();
    let answer = shop.choose(page, &[("outcome", "success")]).await;
    assert_eq!(
        location(&answer),
        "https://shop.example/back?order=A%26B&trxref=mr-1&reference=mr-1#top"
    );
}

#[tokio::test]
async fn a_failed_try_sends_the_browser_back_and_leaves_the_page_payable() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    let answer = shop.choose(&page, &[("outcome", "failed")]).await;
    assert_eq!(answer.status(), 303);
    let data = shop.verify("mr-1").await;
    assert_eq!(
        (&data["status"], &data["gateway_response"]),
        (&json!("failed"), &json!("Declined"))
    );
    let html = shop
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("The last try failed"));
    shop.choose(&page, &[("outcome", "success")]).await;
    assert_eq!(shop.verify("mr-1").await["status"], "success");
    let webhooks = shop.receives_no_more_than(1).await;
    assert_eq!(webhooks[0].event(), "charge.success");
}

#[tokio::test]
async fn abandoning_goes_to_the_cancel_action_or_the_callback_and_leaves_the_page_payable() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    let answer = shop.choose(&page, &[("outcome", "abandoned")]).await;
    assert_eq!(
        location(&answer),
        format!("{CALLBACK}?trxref=mr-1&reference=mr-1")
    );
    assert_eq!(shop.verify("mr-1").await["status"], "abandoned");
    shop.choose(&page, &[("outcome", "success")]).await;
    assert_eq!(shop.verify("mr-1").await["status"], "success");

    let body = json!({
        "email": "ada@example.com", "amount": 500_000, "callback_url": CALLBACK,
        "metadata": { "cancel_action": "https://shop.example/cart" }
    });
    let (_, answer) = shop.paystack_post("/transaction/initialize", &body).await;
    let page = answer["data"]["authorization_url"].as_str().unwrap();
    let answer = shop.choose(page, &[("outcome", "abandoned")]).await;
    assert_eq!(location(&answer), "https://shop.example/cart");
}

#[tokio::test]
async fn under_and_overpayment_capture_half_double_or_what_the_form_says() {
    let shop = Shop::open().await;
    for (reference, form, amount) in [
        ("mr-1", vec![("outcome", "underpaid")], 250_000),
        (
            "mr-2",
            vec![("outcome", "underpaid"), ("amount", "499999")],
            499_999,
        ),
        ("mr-3", vec![("outcome", "overpaid")], 1_000_000),
        (
            "mr-4",
            vec![("outcome", "overpaid"), ("amount", "500001")],
            500_001,
        ),
    ] {
        let page = shop.initialize(reference, 500_000).await;
        assert_eq!(shop.choose(&page, &form).await.status(), 303);
        let data = shop.verify(reference).await;
        assert_eq!(data["amount"], amount, "{reference}");
        assert_eq!(data["requested_amount"], 500_000, "{reference}");
    }
    let page = shop.initialize("mr-5", 500_000).await;
    for amount in ["500000", "0", "-1", "x"] {
        let answer = shop
            .choose(&page, &[("outcome", "underpaid"), ("amount", amount)])
            .await;
        assert_eq!(answer.status(), 422, "{amount}");
    }
    assert_eq!(
        shop.choose(&page, &[("outcome", "bribe")]).await.status(),
        422
    );
    assert_eq!(shop.verify("mr-5").await["status"], "abandoned");
}

#[tokio::test]
async fn the_wrong_currency_captures_the_same_number_of_another() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "wrong_currency")]).await;
    let data = shop.verify("mr-1").await;
    assert_eq!(
        (&data["amount"], &data["currency"]),
        (&json!(500_000), &json!("USD"))
    );
    assert_eq!(shop.ledger().await["captured"][0]["currency"], "USD");
}

#[tokio::test]
async fn a_late_payer_pays_and_never_comes_back() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    let answer = shop.choose(&page, &[("outcome", "late")]).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("Paid late"));
    assert_eq!(shop.verify("mr-1").await["status"], "success");
    assert_eq!(shop.receives(1).await[0].event(), "charge.success");
}

#[tokio::test]
async fn a_paid_transaction_says_so_and_takes_nothing_more() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(&page, &[("outcome", "success")]).await;
    for outcome in ["success", "overpaid", "failed", "abandoned", "late"] {
        let answer = shop.choose(&page, &[("outcome", outcome)]).await;
        assert_eq!(answer.status(), 200);
        assert!(
            answer.text().await.unwrap().contains("Already paid"),
            "{outcome}"
        );
    }
    let html = shop
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("Already paid"));
    assert_eq!(shop.ledger().await["captured"].as_array().unwrap().len(), 1);
    shop.receives_no_more_than(1).await;
}

#[tokio::test]
async fn of_many_payers_at_once_one_pays() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let request = shop.http.post(&page).form(&[("outcome", "success")]);
            tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in tries {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 303).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(shop.ledger().await["captured"].as_array().unwrap().len(), 1);
    shop.receives_no_more_than(1).await;
}

#[tokio::test]
async fn without_a_callback_the_page_itself_says_how_it_ended() {
    let shop = Shop::open().await;
    let body = json!({ "email": "ada@example.com", "amount": 500_000, "reference": "mr-1" });
    let (_, answer) = shop.paystack_post("/transaction/initialize", &body).await;
    let page = answer["data"]["authorization_url"].as_str().unwrap();
    let answer = shop.choose(page, &[("outcome", "success")]).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("Paid"));
}

#[tokio::test]
async fn test_cards_decline_as_their_numbers_say() {
    let shop = Shop::open().await;
    let page = shop.initialize("mr-1", 500_000).await;
    shop.choose(
        &page,
        &[("outcome", "success"), ("card", "4084080000670037")],
    )
    .await;
    let data = shop.verify("mr-1").await;
    assert_eq!(data["gateway_response"], "Insufficient Funds");
    assert_eq!(
        shop.ledger().await,
        json!({ "captured": [], "refunded": [] })
    );
}

#[tokio::test]
async fn the_ledger_tells_what_was_captured_by_reference() {
    let shop = Shop::open().await;
    for reference in ["mr-1", "mr-2"] {
        let page = shop.initialize(reference, 500_000).await;
        shop.choose(&page, &[("outcome", "success")]).await;
    }
    shop.initialize("mr-3", 500_000).await;
    let ledger = shop.ledger().await;
    let rows = ledger["captured"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let data = shop.verify("mr-1").await;
    let row = json!({
        "reference": "mr-1", "amount": 500_000, "currency": "NGN", "status": "success",
        "paid_at": data["paid_at"], "transaction_id": data["id"], "email": "ada@example.com"
    });
    assert_eq!(rows[0], row);
    assert_eq!(ledger["refunded"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn an_unknown_page_says_so() {
    let shop = Shop::open().await;
    let answer = shop
        .http
        .get(shop.url("/paystack/checkout/nothing"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
}
