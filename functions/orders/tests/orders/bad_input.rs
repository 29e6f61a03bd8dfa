//! `POST /api/orders`, when the request is wrong: the right problem, and nothing written.

use domain::VariantId;
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};
use stage::{Stage, assert_answer};

use crate::PLACE_ORDER;
use crate::requests::{a_wish, place, unkeyed, with};

/// The places and codes of a problem, in order of their places.
fn faults(answer: &Response) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = answer.json()["errors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut faults: Vec<_> = errors
        .iter()
        .map(|error| (text(&error["pointer"]), text(&error["code"])))
        .collect();
    faults.sort();
    faults
}

async fn send_wish(function: &Function, wish: &Value) -> Response {
    function.send(place("key-1", wish)).await
}

fn assert_problem(answer: &Response, status: u16, code: &str) {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let told = (answer.status, answer.json()["code"].clone());
    assert_eq!(told, (status, json!(code)), "{}", answer.text());
}

#[tokio::test]
async fn each_faulty_field_has_its_place_and_its_code_and_nothing_is_written() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    let before = stage.fingerprints().await;
    let item = |quantity: Value| json!({ "variant_id": sandals, "quantity": quantity });
    let money = |amount: Value| json!({ "amount": amount, "currency": "NGN" });

    let cases = [
        ("/items/0/quantity", json!(0), "quantity_too_small"),
        ("/items/0/quantity", json!(-3), "quantity_too_small"),
        ("/items/0/quantity", json!(1_000), "quantity_too_large"),
        ("/items/0/quantity", json!(i64::MAX), "quantity_too_large"),
        ("/items/0/quantity", json!(u64::MAX), "wrong_type"),
        ("/items/0/quantity", json!(1.5), "wrong_type"),
        ("/items/0/quantity", json!(1e300), "wrong_type"),
        ("/items/0/quantity", json!("2"), "wrong_type"),
        ("/items/0/quantity", json!(null), "required"),
        ("/items/0/variant_id", json!("sandals"), "invalid_id"),
        ("/items/0/variant_id", json!(7), "wrong_type"),
        ("/items", json!([]), "wrong_length"),
        ("/items", json!(vec![item(json!(1)); 51]), "wrong_length"),
        ("/items", json!("sandals"), "wrong_type"),
        ("/items/0", json!(["sandals", 2]), "wrong_type"),
        ("/customer", json!([]), "wrong_type"),
        ("/customer/name", json!(" \u{0} "), "invalid_name"),
        ("/customer/name", json!("A".repeat(121)), "invalid_name"),
        ("/customer/email", json!("ada"), "invalid_email"),
        ("/customer/email", json!("ada@localhost"), "invalid_email"),
        (
            "/customer/email",
            json!("ada@example.com\r\nBcc: eve@example.com"),
            "invalid_email",
        ),
        ("/customer/phone", json!("0803"), "invalid_phone"),
        ("/customer/phone", json!(8_031_234_567_i64), "wrong_type"),
        ("/delivery_address/street", json!(""), "invalid_address"),
        (
            "/delivery_address/lga",
            json!("I".repeat(201)),
            "invalid_address",
        ),
        ("/delivery_address/state", json!("Texas"), "unknown_state"),
        (
            "/delivery_address/country",
            json!("GH"),
            "undeliverable_country",
        ),
        ("/payment/channel", json!("cash"), "unknown_word"),
        ("/payment", json!("card"), "wrong_type"),
        ("/expected_total", money(json!(1.5)), "wrong_type"),
        ("/expected_total", money(json!(-1)), "wrong_type"),
        ("/expected_total", json!(1_200_000), "wrong_type"),
    ];
    for (pointer, value, code) in cases {
        let answer = send_wish(&function, &with(a_wish(sandals), pointer, value.clone())).await;
        assert_problem(&answer, 422, "invalid_request");
        assert_eq!(
            faults(&answer),
            [(pointer.to_owned(), code.to_owned())],
            "{value}"
        );
    }
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn a_field_that_is_not_of_the_request_is_refused_at_every_level() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    let before = stage.fingerprints().await;
    let total = json!({ "amount": 1_200_000, "currency": "NGN", "tax": 0 });

    let cases = [
        ("/role", json!("owner"), "unknown_field"),
        ("/customer_id", json!(VariantId::new()), "unknown_field"),
        ("/items/0/unit_price", json!(1), "unknown_field"),
        ("/customer/id", json!(1), "unknown_field"),
        (
            "/delivery_address/postcode",
            json!("100001"),
            "unknown_field",
        ),
        ("/payment/reference", json!("mr-1"), "unknown_field"),
        // An amount of money is read as a whole.
        ("/expected_total", total, "wrong_type"),
    ];
    for (pointer, value, code) in cases {
        let answer = send_wish(&function, &with(a_wish(sandals), pointer, value)).await;
        assert_problem(&answer, 422, "invalid_request");
        assert_eq!(faults(&answer), [(pointer.to_owned(), code.to_owned())]);
    }
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    let before = stage.fingerprints().await;

    let twice = json!({
        "items": [
            { "variant_id": sandals, "quantity": 1 },
            { "variant_id": sandals, "quantity": 2 },
            { "variant_id": "x", "quantity": 0, "price": 1 },
        ],
        "customer": { "name": "", "email": "ada", "phone": "call me" },
        "delivery_address": { "state": "Texas", "country": "US" },
        "payment": { "channel": "barter" },
        "coupon": "FREE",
    });
    assert_answer!("all_faults_at_once", send_wish(&function, &twice).await);

    let empty = send_wish(&function, &json!({})).await;
    let required = ["/customer", "/delivery_address", "/items", "/payment"];
    let required = required.map(|place| (place.to_owned(), "required".to_owned()));
    assert_eq!(faults(&empty), required);

    let two = json!([
        { "variant_id": sandals, "quantity": 1 },
        { "variant_id": sandals, "quantity": 2 },
    ]);
    let repeated = send_wish(&function, &with(a_wish(sandals), "/items", two)).await;
    assert_eq!(
        faults(&repeated),
        [(
            "/items/1/variant_id".to_owned(),
            "duplicate_line".to_owned()
        )]
    );
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn what_the_shop_cannot_do_has_its_own_problem() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 3).await;
    let pricey = stage.a_product(900_000_000, 50).await;
    let function = stage.spawn(PLACE_ORDER);
    let before = stage.fingerprints().await;

    let unknown = send_wish(&function, &a_wish(VariantId::new())).await;
    assert_answer!("unknown_variant", unknown);

    let too_many = with(a_wish(sandals), "/items/0/quantity", json!(4));
    assert_answer!("out_of_stock", send_wish(&function, &too_many).await);

    let shown = json!({ "amount": 1_000_000, "currency": "NGN" });
    let cheaper = with(a_wish(sandals), "/expected_total", shown);
    assert_answer!("price_changed", send_wish(&function, &cheaper).await);

    let rider = with(a_wish(sandals), "/payment/channel", json!("on_delivery"));
    let far = with(rider, "/delivery_address/state", json!("Kano"));
    assert_answer!("no_pay_on_delivery", send_wish(&function, &far).await);

    let dear = send_wish(&function, &a_wish(pricey)).await;
    assert_problem(&dear, 422, "total_too_large");
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused_before_it_is_read() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    let before = stage.fingerprints().await;
    let wish = a_wish(sandals);
    let json = || {
        unkeyed()
            .header("idempotency-key", "k")
            .header("content-type", "application/json")
    };
    let deep = format!("{{\"items\": {}1{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let padded = |size: usize| {
        let text = wish.to_string();
        format!("{}{text}", " ".repeat(size - text.len()))
    };

    let cases: Vec<(Request, u16, &str)> = vec![
        (json().body("{\"items\": ["), 400, "malformed_json"),
        (json().body(""), 400, "malformed_json"),
        (json(), 400, "malformed_json"),
        (json().body("[]"), 400, "malformed_json"),
        (json().body("null"), 400, "malformed_json"),
        (json().body(vec![0xff, 0xfe]), 400, "malformed_json"),
        (json().body(r#"{"items": "\ud800"}"#), 400, "malformed_json"),
        (json().body(deep), 400, "malformed_json"),
        (json().body(format!("{wish} {wish}")), 400, "malformed_json"),
        (json().body(padded(256 * 1024 + 1)), 413, "body_too_large"),
        (unkeyed().json(&wish), 400, "idempotency_key_required"),
        (place("two words", &wish), 400, "idempotency_key_required"),
        (
            place(&"k".repeat(256), &wish),
            400,
            "idempotency_key_required",
        ),
        (place("", &wish), 400, "idempotency_key_required"),
        (
            unkeyed().header("idempotency-key", "k").form(&[("a", "b")]),
            415,
            "unsupported_media_type",
        ),
        (
            unkeyed()
                .header("idempotency-key", "k")
                .body(wish.to_string()),
            415,
            "unsupported_media_type",
        ),
        (
            Request::put("/api/orders").json(&wish),
            405,
            "method_not_allowed",
        ),
        (Request::post("/api/order").json(&wish), 404, "not_found"),
    ];
    for (request, status, code) in cases {
        let shown = format!("{request:.200?}");
        let answer = function.send(request).await;
        let told = (answer.status, answer.json()["code"].clone());
        assert_eq!(told, (status, serde_json::json!(code)), "{shown}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    assert_eq!(stage.fingerprints().await, before);

    let largest = json().body(padded(256 * 1024));
    assert_eq!(
        function.send(largest).await.status,
        201,
        "just small enough"
    );
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}
