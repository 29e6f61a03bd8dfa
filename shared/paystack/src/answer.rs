use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::error::{Doubt, PaystackError};
use crate::fields::{Fields, yes_or_no};

/// Longest part of a foreign message that is kept.
const MESSAGE_LIMIT: usize = 200;

/// An HTTP answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// What a successful answer carries.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) data: Value,
    pub(crate) meta: Value,
}

impl Answer {
    /// Success is a 2xx status *and* `status: true`; everything else is sorted into an error.
    pub(crate) fn payload(self) -> Result<Payload, PaystackError> {
        match self.status {
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Err(PaystackError::Unclear {
                    doubt: Doubt::Status(status.as_u16()),
                })
            }
            StatusCode::TOO_MANY_REQUESTS => Err(PaystackError::RateLimited {
                retry_after: self.retry_after,
            }),
            status if status.is_success() || status.is_client_error() => self.envelope(),
            _ => Err(PaystackError::Undecodable { what: "a redirect" }),
        }
    }

    fn envelope(self) -> Result<Payload, PaystackError> {
        let mut envelope: Value = serde_json::from_slice(&self.body)
            .ok()
            .filter(Value::is_object)
            .ok_or(PaystackError::Undecodable {
                what: "a body that is no JSON object",
            })?;
        match (
            self.status.is_success(),
            envelope.get("status").and_then(yes_or_no),
        ) {
            (true, Some(true)) => Ok(Payload {
                data: envelope["data"].take(),
                meta: envelope["meta"].take(),
            }),
            (true, None) => Err(PaystackError::Undecodable { what: "status" }),
            (_, accepted) => Err(refusal(self.status, accepted.is_some(), Fields(&envelope))),
        }
    }
}

/// Sorts a refusal by `code` first and by `message` second, since many carry no code. Paystack
/// answers an unknown reference with 400 where its OpenAPI document says 404, and a bad key with
/// 400 where its authentication page says 401.
fn refusal(status: StatusCode, is_envelope: bool, envelope: Fields<'_>) -> PaystackError {
    let code = envelope.text("code").unwrap_or_default();
    let message = envelope.text("message").unwrap_or_default();
    let lower = message.to_ascii_lowercase();
    let missing = matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
        && (code == "transaction_not_found" || lower.contains("not found"));
    if code == "duplicate_reference" || lower.contains("duplicate transaction reference") {
        PaystackError::DuplicateReference
    } else if status == StatusCode::UNAUTHORIZED || lower.trim() == "invalid key" {
        settings::refused("PAYSTACK_SECRET_KEY");
        PaystackError::Unauthorized
    } else if missing && is_envelope {
        // Without `status` it is not Paystack that speaks: a gateway's "Not Found" must not pass
        // for "this payment does not exist".
        PaystackError::NotFound
    } else if missing {
        PaystackError::Undecodable { what: "status" }
    } else {
        PaystackError::Refused {
            status: status.as_u16(),
            code: (!code.is_empty()).then(|| presentable(&code)),
            message: presentable(&message),
        }
    }
}

/// A foreign message fit for a log: short, on one line, without e-mail addresses and without runs
/// of digits long enough to be an account, a card or a phone number.
fn presentable(message: &str) -> String {
    let words = message.split_whitespace().map(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if word.contains('@') || digits >= 7 {
            "…"
        } else {
            word
        }
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(MESSAGE_LIMIT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Payload, PaystackError> {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(Duration::from_secs(7)),
            body: body.as_bytes().to_vec(),
        }
        .payload()
    }

    #[test]
    fn success_is_a_2xx_and_a_true_status_in_any_spelling() {
        for (status, body) in [
            (200, r#"{"status":true,"message":"ok","data":{"a":1}}"#),
            (201, r#"{"status":"success","message":"ok","data":{"a":1}}"#),
        ] {
            assert_eq!(answer(status, body).unwrap().data["a"], 1);
        }
        let without_data = answer(200, r#"{"status":true,"message":"ok"}"#).unwrap();
        assert!(without_data.data.is_null() && without_data.meta.is_null());
    }

    #[test]
    fn a_refusal_under_a_2xx_is_unclear() {
        let error = answer(200, r#"{"status":"false","message":"No"}"#).unwrap_err();
        assert!(matches!(error, PaystackError::Refused { status: 200, .. }));
        assert!(error.is_unclear());
        let plain = answer(400, r#"{"status":false,"message":"No"}"#).unwrap_err();
        assert!(!plain.is_unclear() && !plain.is_temporary());
    }

    #[test]
    fn known_refusals_are_told_apart_with_and_without_a_code() {
        use PaystackError as E;
        type Check = fn(&E) -> bool;
        let cases: [(u16, &str, Check); 10] = [
            (
                400,
                r#"{"status":false,"message":"x","code":"duplicate_reference"}"#,
                |e| matches!(e, E::DuplicateReference),
            ),
            (
                400,
                r#"{"status":false,"message":"Duplicate Transaction Reference"}"#,
                |e| matches!(e, E::DuplicateReference),
            ),
            (
                400,
                r#"{"status":false,"message":"Transaction reference not found"}"#,
                |e| matches!(e, E::NotFound),
            ),
            (
                404,
                r#"{"status":false,"message":"Entity not found"}"#,
                |e| matches!(e, E::NotFound),
            ),
            (
                400,
                r#"{"status":false,"code":"transaction_not_found","message":"?"}"#,
                |e| matches!(e, E::NotFound),
            ),
            (404, r#"{"message":"Not Found"}"#, |e| {
                matches!(e, E::Undecodable { .. })
            }),
            (401, r#"{"status":false,"message":"Invalid key"}"#, |e| {
                matches!(e, E::Unauthorized)
            }),
            (400, r#"{"status":false,"message":"Invalid Key"}"#, |e| {
                matches!(e, E::Unauthorized)
            }),
            (
                400,
                r#"{"message":"Email Address is required","code":"missing_params"}"#,
                |e| e.refusal_code() == Some("missing_params"),
            ),
            (403, r#"{"status":false,"message":"You cannot"}"#, |e| {
                matches!(
                    e,
                    E::Refused {
                        status: 403,
                        code: None,
                        ..
                    }
                )
            }),
        ];
        for (status, body, check) in cases {
            let error = answer(status, body).unwrap_err();
            assert!(check(&error), "{status} {body}: {error:?}");
        }
    }

    #[test]
    fn what_is_not_in_paystacks_form_is_undecodable_and_unclear() {
        for (status, body) in [
            (200, "<html>"),
            (200, "[]"),
            (200, "{}"),
            (200, r#"{"status":7}"#),
            (404, "<html>not found</html>"),
            (302, r#"{"status":true,"message":"","data":{}}"#),
            (200, ""),
        ] {
            let error = answer(status, body).unwrap_err();
            assert!(
                matches!(error, PaystackError::Undecodable { .. }),
                "{status} {body}"
            );
            assert!(error.is_unclear());
        }
    }

    #[test]
    fn limits_and_failures_are_known_by_their_status_alone() {
        let limited = answer(429, "<html>").unwrap_err();
        let after = Some(Duration::from_secs(7));
        assert!(
            matches!(limited, PaystackError::RateLimited { retry_after } if retry_after == after)
        );
        for status in [500, 502, 503, 504, 408] {
            assert!(answer(status, "").unwrap_err().is_unclear());
        }
    }

    #[test]
    fn foreign_messages_lose_what_could_be_personal() {
        let message = presentable("Customer ada@example.com\nwith 0022728151 is 12 of 200");
        assert_eq!(message, "Customer … with … is 12 of 200");
        assert_eq!(
            presentable(&"é ".repeat(500)).chars().count(),
            MESSAGE_LIMIT
        );
    }
}
