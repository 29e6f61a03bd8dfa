//! Who and what is there when a function is visited.

use catalog::testing::{a_category, a_product};
use runtime_api::Request;
use serde_json::{Value, json};
use stage::{Placed, Stage};
use stock::testing::{a_location, stock_at};

/// A shirt and, newer, a pair of sandals, both on the shelf.
pub(crate) async fn a_catalogue(stage: &Stage) {
    let mut connection = stage.db.connect().await;
    let clothes = a_category(&mut connection, "Clothes", None).await;
    let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let published = |days: i64| {
        chrono::DateTime::from_timestamp(1_767_225_600 + days * 86_400, 0).expect("a time")
    };
    let shirt = a_product("Ankara shirt", shirts)
        .published(published(1))
        .variant(&[("Size", "M")], 1_250_000)
        .insert(&mut connection)
        .await;
    let sandals = a_product("Leather sandals", shoes)
        .published(published(2))
        .variant(&[("Size", "42")], 500_000)
        .insert(&mut connection)
        .await;
    let shelf = a_location(&mut connection, "Main shelf", 0).await;
    stock_at(&mut connection, shirt.variants[0], shelf, 40).await;
    stock_at(&mut connection, sandals.variants[0], shelf, 3).await;
}

/// An order of two pieces by card, its payment page open: 10,000 naira and 2,000 for delivery.
pub(crate) async fn an_order(stage: &Stage) -> Placed {
    let sandals = stage.a_product(500_000, 10).await;
    stage.an_order(sandals).place().await
}

/// The payer pays in full.
pub(crate) async fn pay(stage: &Stage, order: &Placed) {
    stage.pay(order.page(), "success").await;
}

/// What a storefront sends to place such an order.
pub(crate) fn a_wish(variant: domain::VariantId, key: &str) -> Request {
    let wish = json!({
        "items": [{ "variant_id": variant, "quantity": 2 }],
        "customer": { "name": "Ada Obi", "email": "ada@example.com", "phone": "08031234567" },
        "delivery_address": {
            "street": "12 Allen Avenue", "city": "Ikeja", "lga": "Ikeja", "state": "Lagos", "country": "NG",
        },
        "payment": { "channel": "card" },
    });
    Request::post("/api/orders")
        .route("/api/orders")
        .header("idempotency-key", key)
        .json(&wish)
}

/// What a consumer tells of a batch of which it worked all.
pub(crate) fn done(messages: u64) -> Value {
    json!({ "done": messages, "rescheduled": 0, "parked": 0 })
}
