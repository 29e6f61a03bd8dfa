//! What the shop sends, read as leniently as Paystack reads it: amounts as numbers or text,
//! metadata as an object or as text.

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::refusal::Refusal;

/// The most that one charge may ask (§1.7): ten million in major units.
const HIGHEST: i64 = 1_000_000_000;

/// A JSON object.
pub(super) fn object(body: &[u8]) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) | Err(_) => Err(Refusal::invalid("Invalid JSON payload passed")),
    }
}

/// A text that is not empty.
pub(super) fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// A reference or another key that may come as text or as a number.
pub(super) fn key(body: &Value, field: &str) -> Option<String> {
    match body.get(field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// The customer's address.
pub(super) fn email(body: &Value) -> Result<String, Refusal> {
    let email = text(body, "email").ok_or_else(|| Refusal::missing("Email Address is required"))?;
    let shaped = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !email.contains(char::is_whitespace)
    });
    if shaped {
        Ok(email.to_owned())
    } else {
        Err(Refusal::invalid("Invalid Email Address Passed"))
    }
}

/// An amount in subunits: a whole positive number, or its text. `None` when the field is absent.
pub(super) fn subunits(body: &Value) -> Result<Option<i64>, Refusal> {
    let amount = match body.get("amount") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    match amount {
        Some(amount) if amount > 0 => Ok(Some(amount)),
        Some(_) | None => Err(Refusal::invalid("Invalid Amount Sent")),
    }
}

/// The amount and currency of a charge, within Paystack's limits for a merchant in Nigeria.
pub(super) fn price(body: &Value, lowest_naira: i64) -> Result<(i64, String), Refusal> {
    let amount = subunits(body)?.ok_or_else(|| Refusal::missing("Amount is required"))?;
    let currency = text(body, "currency").unwrap_or("NGN");
    let lowest = match currency {
        "NGN" => lowest_naira,
        "USD" => 200,
        _ => return Err(Refusal::currency()),
    };
    if !(lowest..=HIGHEST).contains(&amount) {
        return Err(Refusal::invalid("Invalid Amount Sent"));
    }
    Ok((amount, currency.to_owned()))
}

/// The shop's reference, if it gave one: letters, digits, `-`, `.`, `=` (§1.8).
pub(super) fn reference(body: &Value) -> Result<Option<String>, Refusal> {
    let Some(reference) = text(body, "reference") else {
        return Ok(None);
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '=');
    if reference.chars().all(legal) {
        Ok(Some(reference.to_owned()))
    } else {
        Err(Refusal::invalid(
            "Transaction reference contains illegal characters",
        ))
    }
}

/// Where the payer is sent afterwards.
pub(super) fn callback_url(body: &Value) -> Result<Option<Url>, Refusal> {
    let Some(text) = text(body, "callback_url") else {
        return Ok(None);
    };
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        Ok(_) | Err(_) => Err(Refusal::invalid("Invalid callback URL")),
    }
}

/// Metadata, as it is given back: text that holds JSON becomes that JSON.
pub(super) fn metadata(body: &Value) -> Option<Value> {
    match body.get("metadata")? {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => {
            Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
        }
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(other.clone())
        }
    }
}

/// A moment in ISO 8601.
pub(super) fn moment(value: Option<&Value>) -> Option<DateTime<Utc>> {
    let text = value?.as_str()?;
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.to_utc())
}
