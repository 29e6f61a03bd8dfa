//! `POST /api/orders`, when all goes well.

use serde_json::json;
use stage::{Stage, assert_answer};

use crate::PLACE_ORDER;
use crate::requests::{a_wish, place, with};

#[tokio::test]
async fn an_order_by_card_answers_with_its_figures_and_the_page_to_pay_on() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    let answer = function.send(place("key-1", &a_wish(sandals))).await;

    assert_answer!(answer);
    let page = answer.json()["payment"]["authorization_url"].clone();
    assert!(
        page.as_str().unwrap().starts_with(stage.sandbox.url()),
        "{page}"
    );
    assert_eq!(stage.counters(sandals).await, (10, 2));
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn an_order_by_bank_transfer_answers_with_an_account_that_is_open_as_long_as_the_order() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    let wish = with(a_wish(sandals), "/payment/channel", json!("bank_transfer"));
    let answer = function.send(place("key-1", &wish)).await;

    assert_answer!(answer);
    let body = answer.json();
    assert_eq!(
        body["payment"]["bank_account"]["account_number"]
            .as_str()
            .unwrap()
            .len(),
        10
    );
    let order = stage
        .row("SELECT expires_at >= (SELECT expires_at FROM payments) AS long FROM orders")
        .await;
    assert_eq!(order["long"], true);
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn an_order_by_ussd_answers_with_the_code_to_dial() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    let wish = with(a_wish(sandals), "/payment/channel", json!("ussd"));
    let answer = function.send(place("key-1", &wish)).await;

    assert_answer!(answer);
    let code = answer.json()["payment"]["ussd_code"].clone();
    assert!(code.as_str().unwrap().starts_with("*737*"), "{code}");
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn an_order_to_be_paid_to_the_rider_has_no_payment_and_keeps_its_stock() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    let wish = with(a_wish(sandals), "/payment/channel", json!("on_delivery"));
    let answer = function.send(place("key-1", &wish)).await;

    assert_answer!(answer);
    let reservation = stage
        .row("SELECT status, quantity FROM stock_reservations")
        .await;
    assert_eq!(reservation, json!({ "status": "committed", "quantity": 2 }));
    assert_eq!(stage.ledger().await["captured"], json!([]));
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn several_variants_are_one_order_with_its_lines_in_the_order_of_the_request() {
    let stage = Stage::set().await;
    let (dear, cheap) = (
        stage.a_product(900_000, 5).await,
        stage.a_product(100_000, 5).await,
    );
    let function = stage.spawn(PLACE_ORDER);

    let items = json!([
        { "variant_id": dear, "quantity": 1 },
        { "variant_id": cheap, "quantity": 3 },
    ]);
    let shown = json!({ "amount": 1_400_000, "currency": "NGN" });
    let wish = with(
        with(a_wish(dear), "/items", items),
        "/expected_total",
        shown,
    );
    let answer = function.send(place("key-1", &wish)).await;

    assert_eq!(answer.status, 201, "{}", answer.text());
    let lines = &answer.json()["order"]["lines"];
    let totals: Vec<i64> = (0..2)
        .map(|line| lines[line]["total"]["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(totals, [900_000, 300_000]);
    assert_eq!(
        stage.announced().await,
        ["order.placed", "stock.changed", "stock.changed"]
    );
}

#[tokio::test]
async fn what_is_kept_of_an_order_tells_nobody_who_bought_it() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    let answer = function.send(place("key-1", &a_wish(sandals))).await;

    assert_eq!(answer.status, 201);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let tables = [
        "orders",
        "order_events",
        "payments",
        "idempotency_keys",
        "outbox",
        "activity",
    ];
    for table in tables {
        for row in stage
            .rows(&format!("SELECT t::text AS kept FROM {table} t"))
            .await
        {
            let kept = row["kept"].as_str().unwrap();
            for personal in ["ada@", "8031234567", "Allen", "Obi", token.as_str()] {
                assert!(!kept.contains(personal), "{table} holds {personal}");
            }
        }
    }
    let logs = function.logs().join("\n");
    for personal in ["ada@", "8031234567", "Allen", "Obi", token.as_str()] {
        assert!(!logs.contains(personal), "the log holds {personal}");
    }
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}
