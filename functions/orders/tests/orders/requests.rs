//! Requests as a storefront sends them.

use domain::VariantId;
use runtime_api::Request;
use serde_json::{Value, json};

/// Two pieces of a variant for Ada in Lagos, by card.
pub(crate) fn a_wish(variant: VariantId) -> Value {
    json!({
        "items": [{ "variant_id": variant, "quantity": 2 }],
        "customer": { "name": "Ada Obi", "email": "ada@example.com", "phone": "08031234567" },
        "delivery_address": {
            "street": "12 Allen Avenue", "landmark": "opposite the bank", "city": "Ikeja",
            "lga": "Ikeja", "state": "Lagos", "country": "NG",
        },
        "payment": { "channel": "card" },
    })
}

/// The wish with the value at a JSON pointer changed; the place must be there, or be a new field.
pub(crate) fn with(mut wish: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = wish.pointer_mut(parent).unwrap();
    match field.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[field] = value,
    }
    wish
}

/// Places a wish under a key.
pub(crate) fn place(key: &str, wish: &Value) -> Request {
    unkeyed().header("idempotency-key", key).json(wish)
}

/// `POST /api/orders` without key, content type and body.
pub(crate) fn unkeyed() -> Request {
    Request::post("/api/orders").route("/api/orders")
}

/// `GET /api/orders/{number}` without a token.
pub(crate) fn get(number: &str) -> Request {
    Request::get(&format!("/api/orders/{number}")).route("/api/orders/{number}")
}
