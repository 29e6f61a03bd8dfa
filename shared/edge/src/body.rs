//! Bodies, read in a bounded way.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::Problem;

/// The largest body an endpoint reads, in bytes (design/api.md).
pub const BODY_LIMIT: usize = 256 * 1024;

/// The bytes of a body, at most [`BODY_LIMIT`]: for signatures, which are made over bytes.
#[derive(Debug)]
pub struct RawBody(pub Bytes);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request.into_body()).await.map(Self)
    }
}

/// A JSON body with its bytes.
#[derive(Debug)]
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// Its bytes as they came.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let bytes = read(request.into_body()).await?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self { value, bytes }),
            Err(error) => Err(malformed(&error)),
        }
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_LIMIT).await.map_err(|_| {
        let detail = format!("The body is larger than {BODY_LIMIT} bytes.");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    })
}

fn check_content_type(headers: &http::HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "The body must be sent with Content-Type: application/json.";
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    ))
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = if error.is_data() {
        "The body must be a JSON object.".to_owned()
    } else {
        format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        )
    };
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
}
