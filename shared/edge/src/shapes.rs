//! Shapes that every area answers with.

use axum::response::{IntoResponse, Response};
use domain::Money;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::FieldError;

/// An amount of money: `{"amount": 1250000, "currency": "NGN"}` is NGN 12,500.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Money)]
pub struct MoneyBody {
    /// Minor units (kobo, pesewas, cents). Never a fraction.
    #[schema(minimum = 0, example = 1_250_000)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(value_type = String, example = "NGN")]
    pub currency: domain::Currency,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount(),
            currency: money.currency(),
        }
    }
}

/// A refusal (RFC 9457).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URI for the kind of problem; `about:blank`, `code` tells more.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What went wrong, for people.
    pub detail: String,
    /// What went wrong, for machines: a stable word.
    pub code: String,
    /// The request, for support.
    pub request_id: String,
    /// Each fault of an invalid request, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// 200 with JSON.
pub fn ok<T: Serialize>(body: &T) -> Response {
    json(StatusCode::OK, serde_json::to_vec(body))
}

/// 201 with JSON.
pub fn created<T: Serialize>(body: &T) -> Response {
    json(StatusCode::CREATED, serde_json::to_vec(body))
}

/// An answer whose JSON is already written.
#[must_use]
pub fn json_text(status: StatusCode, text: String) -> Response {
    json(status, Ok(text.into_bytes()))
}

fn json(status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => {
            let content_type = HeaderValue::from_static("application/json");
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
