//! Requests as a storefront, a browser and the provider send them.

use runtime_api::Request;
use sandbox::paystack_signature;
use serde_json::{Value, json};
use stage::PAYSTACK_KEY;

/// `POST /api/orders/{number}/payments`, without a token.
pub(crate) fn start(number: &str, key: &str, channel: &str) -> Request {
    unkeyed(number)
        .header("idempotency-key", key)
        .json(&json!({ "channel": channel }))
}

/// The same without key and body.
pub(crate) fn unkeyed(number: &str) -> Request {
    Request::post(&format!("/api/orders/{number}/payments")).route("/api/orders/{number}/payments")
}

/// `GET /api/payments/{reference}`, without a token.
pub(crate) fn get(reference: &str) -> Request {
    Request::get(&format!("/api/payments/{reference}")).route("/api/payments/{reference}")
}

/// `GET /api/payments/callback`, as the provider sends the payer's browser there.
pub(crate) fn callback(query: &str) -> Request {
    Request::get(&format!("/api/payments/callback?{query}")).route("/api/payments/callback")
}

/// `POST /api/webhooks/paystack` with a body and a signature.
pub(crate) fn webhook(body: &[u8], signature: &str) -> Request {
    unsigned(body).header("x-paystack-signature", signature)
}

/// The same without a signature.
pub(crate) fn unsigned(body: &[u8]) -> Request {
    Request::post("/api/webhooks/paystack")
        .route("/api/webhooks/paystack")
        .header("content-type", "application/json")
        .body(body.to_vec())
}

/// A webhook that the provider has signed.
pub(crate) fn signed(event: &Value) -> Request {
    let body = event.to_string();
    webhook(
        body.as_bytes(),
        &paystack_signature(PAYSTACK_KEY, body.as_bytes()),
    )
}

/// The provider tells that a charge succeeded.
pub(crate) fn charge_success(reference: &str, amount: i64) -> Value {
    // The provider's id of a transaction, another for each.
    let id = reference.bytes().fold(4_099_260_516_u64, |id, byte| {
        id * 31 % 9_999_999_967 + u64::from(byte)
    });
    json!({
        "event": "charge.success",
        "data": {
            "id": id, "domain": "test", "status": "success", "reference": reference,
            "amount": amount, "currency": "NGN", "customer": { "email": "ada@example.com" },
        },
    })
}
