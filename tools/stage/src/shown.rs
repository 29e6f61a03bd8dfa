//! Answers as snapshots show them: everything but what differs from run to run.

use chrono::DateTime;
use runtime_api::Response;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Fields whose value is made anew each time, whatever it looks like.
const ALWAYS_NEW: [&str; 11] = [
    "access_token",
    "account_number",
    "authorization_url",
    // A time may be written with fewer digits.
    "bytes",
    "milliseconds",
    "outbox_age_seconds",
    "request_id",
    "sessions",
    "sessions_limit",
    "sha256",
    "ussd_code",
];

/// An answer as a snapshot shows it: status, headers, body; masked.
///
/// # Panics
/// Where the answer has no request id, or its problem names another.
#[must_use]
pub fn answer(response: &Response) -> Value {
    let id = response
        .header("x-request-id")
        .expect("every answer has a request id");
    let body = serde_json::from_slice(&response.body).unwrap_or_else(|_| json!(response.text()));
    if let Some(told) = body.get("request_id") {
        assert_eq!(told, id, "the problem names the request of its answer");
    }
    // The length follows from the body, whose times have more digits or fewer.
    let length = response
        .header("content-length")
        .and_then(|length| length.parse().ok());
    assert!(
        length.is_none_or(|length: usize| length == response.body.len()),
        "its length is right"
    );
    let shown = |name: &str| !["x-request-id", "content-length"].contains(&name);
    let headers = response.headers.iter().filter(|(name, _)| shown(name));
    let headers: Map<String, Value> = headers
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    masked(&json!({ "status": response.status, "headers": headers, "body": body }))
}

/// A value with everything masked that differs from run to run: ids, references, numbers of orders,
/// times, and fields that are made anew each time. Null stays null.
#[must_use]
pub fn masked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.iter().map(masked_field).collect()),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => json!(masked_text(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn masked_field((name, value): (&String, &Value)) -> (String, Value) {
    let shown = if ALWAYS_NEW.contains(&name.as_str()) && !value.is_null() {
        json!(format!("[{name}]"))
    } else {
        masked(value)
    };
    (name.clone(), shown)
}

fn masked_text(text: &str) -> String {
    let mut masked = String::new();
    let mut word = String::new();
    for letter in text.chars() {
        let in_word = letter.is_ascii_alphanumeric() || "-:.+".contains(letter);
        if in_word {
            word.push(letter);
        } else {
            push_masked(&mut masked, &word);
            word.clear();
            masked.push(letter);
        }
    }
    push_masked(&mut masked, &word);
    masked
}

/// Punctuation at the end of a word is not part of it.
fn push_masked(text: &mut String, word: &str) {
    let bare = word.trim_end_matches(['.', ':']);
    text.push_str(mask_of(bare).unwrap_or(bare));
    text.push_str(&word[bare.len()..]);
}

/// What stands for a word that differs from run to run.
fn mask_of(word: &str) -> Option<&'static str> {
    let is_uuid = |text: &str| Uuid::try_parse(text).is_ok();
    if word.strip_prefix("mr-").is_some_and(is_uuid) {
        Some("[reference]")
    } else if word.strip_prefix("SAN-").is_some_and(is_uuid) {
        Some("[sku]")
    } else if word.len() == 12 && word.parse::<domain::OrderNumber>().is_ok() {
        Some("[number]")
    } else if is_uuid(word) {
        Some("[id]")
    } else if DateTime::parse_from_rfc3339(word).is_ok() {
        Some("[time]")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_nothing_else() {
        let shown = masked(&json!({
            "number": "MR-7K4Q-9TXD", "at": "2026-11-23T10:00:00.123456Z", "paid_at": null,
            "url": "https://shop.madrush.test/orders/MR-7K4Q-9TXD?payment=paid",
            "reference": "mr-0b2f9c1e-6f0a-4a53-9a50-1d2f3f6f2c11", "amount": 5, "request_id": "x",
            "channel": "card", "told": "For MR-7K4Q-9TXD: thanks for MR-7K4Q-9TXD. Bye.",
        }));
        let expected = json!({
            "number": "[number]", "at": "[time]", "paid_at": null,
            "url": "https://shop.madrush.test/orders/[number]?payment=paid",
            "reference": "[reference]", "amount": 5, "request_id": "[request_id]",
            "channel": "card", "told": "For [number]: thanks for [number]. Bye.",
        });
        assert_eq!(shown, expected);
    }
}
