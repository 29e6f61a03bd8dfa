//! Paystack's error bodies (reference/paystack.md §1.3).
//!
//! Many carry a status and a message only; `type`, `code` and `meta` are there where the official
//! samples have them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A call refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    details: Option<Details>,
}

#[derive(Debug, Clone, Copy)]
struct Details {
    kind: &'static str,
    code: &'static str,
    next_step: &'static str,
}

const VALIDATION: &str = "validation_error";
const CHECK_VALUES: &str = "Ensure that the value(s) you're passing are valid.";

impl Refusal {
    fn bare(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            details: None,
        }
    }

    fn validation(message: &str, code: &'static str, next_step: &'static str) -> Self {
        Self {
            details: Some(Details {
                kind: VALIDATION,
                code,
                next_step,
            }),
            ..Self::bare(StatusCode::BAD_REQUEST, message)
        }
    }

    pub(super) fn no_key() -> Self {
        Self::bare(
            StatusCode::UNAUTHORIZED,
            "No Authorization Header was found",
        )
    }

    pub(super) fn wrong_key() -> Self {
        Self::bare(StatusCode::UNAUTHORIZED, "Invalid key")
    }

    pub(super) fn missing(message: &str) -> Self {
        Self::validation(message, "missing_params", "Provide all required params")
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::validation(message, "invalid_params", CHECK_VALUES)
    }

    pub(super) fn currency() -> Self {
        Self::validation(
            "Currency not supported by merchant",
            "unsupported_currency",
            CHECK_VALUES,
        )
    }

    pub(super) fn duplicate_reference() -> Self {
        Self::validation(
            "Duplicate Transaction Reference",
            "duplicate_reference",
            "Try and create the Transaction or Charge with a new reference",
        )
    }

    /// 400 as integrators see it live; the OpenAPI document declares 404 (a `refuse` rule of
    /// `/control` gives that).
    pub(super) fn reference_not_found() -> Self {
        Self::validation(
            "Transaction reference not found",
            "transaction_not_found",
            "Ensure that you're passing the reference of a transaction that exists on this integration",
        )
    }

    pub(super) fn transaction_not_found() -> Self {
        Self::validation(
            "Transaction not found",
            "transaction_not_found",
            CHECK_VALUES,
        )
    }

    pub(super) fn no_such_charge() -> Self {
        Self::bare(StatusCode::BAD_REQUEST, "Transaction reference is invalid")
    }

    pub(super) fn refund_not_found() -> Self {
        Self::bare(StatusCode::NOT_FOUND, "Refund not found")
    }

    pub(super) fn fully_reversed() -> Self {
        let details = Details {
            kind: "api_error",
            code: "transaction_reversed",
            next_step: "Try again later",
        };
        Self {
            details: Some(details),
            ..Self::bare(
                StatusCode::BAD_REQUEST,
                "Transaction has been fully reversed",
            )
        }
    }

    pub(super) fn refund_above_payment() -> Self {
        Self::invalid("Refund amount cannot be greater than initial amount")
    }

    pub(super) fn wrong_refund_state() -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..Self::invalid("Invalid Refund state, refund status should be \"needs-attention\"")
        }
    }

    pub(super) fn unresolved_account() -> Self {
        Self::bare(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Could not resolve account name. Check parameters or try again.",
        )
    }

    fn rate_limited() -> Self {
        let details = Details {
            kind: "api_error",
            code: "rate_limited",
            next_step: "Wait a few minutes and try the API call again",
        };
        Self {
            details: Some(details),
            ..Self::bare(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded!")
        }
    }

    fn body(&self) -> Value {
        let mut body = json!({ "status": false, "message": self.message });
        if let Some(Details {
            kind,
            code,
            next_step,
        }) = self.details
        {
            body["meta"] = json!({ "nextStep": next_step });
            body["type"] = kind.into();
            body["code"] = code.into();
            if code == "duplicate_reference" {
                body["errorCodeMappingNotFound"] = false.into();
            }
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = (self.status, Json(self.body())).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = axum::http::HeaderValue::from_static("60");
            answer.headers_mut().insert("retry-after", seconds);
        }
        answer
    }
}

/// The body for a refusal that `/control` ordered by its status alone.
pub(super) fn for_status(status: StatusCode) -> Response {
    let refusal = match status {
        StatusCode::UNAUTHORIZED => Refusal::wrong_key(),
        StatusCode::TOO_MANY_REQUESTS => Refusal::rate_limited(),
        StatusCode::NOT_FOUND => Refusal::bare(status, "Entity not found"),
        other => Refusal::bare(other, "An error occurred. Please try again later"),
    };
    refusal.into_response()
}
