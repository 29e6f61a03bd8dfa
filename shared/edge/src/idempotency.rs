//! The `Idempotency-Key` header.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::StatusCode;
use http::request::Parts;
use ring::digest::{SHA256, digest};

use crate::Problem;

/// The key under which a request is done once: 1 to 255 visible ASCII characters, chosen by the
/// caller, obligatory (IETF draft `Idempotency-Key`: 400 where it is missing).
#[derive(Debug, Clone)]
pub struct IdempotencyHeader(pub String);

impl<S: Sync> FromRequestParts<S> for IdempotencyHeader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let key = given
            .next()
            .and_then(|value| value.to_str().ok())
            .map(str::trim);
        let sane = |key: &&str| {
            (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        match (key.filter(sane), given.next()) {
            (Some(key), None) => Ok(Self(key.to_owned())),
            (Some(_) | None, _) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency_key_required",
                "Send one Idempotency-Key of 1 to 255 visible ASCII characters, the same for every \
                 try of this request.",
            )),
        }
    }
}

/// Where the key is not obligatory: none is none, and one that is no key is still refused.
impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyHeader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key("idempotency-key") {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(Some)
    }
}

/// The hash by which a repeated request is told from another one with the same key: over the JSON
/// as a value, so that white space and the order of fields do not matter.
#[must_use]
pub fn hash_of(body: &[u8]) -> Vec<u8> {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    // serde_json keeps an object's fields sorted.
    let canonical = value.and_then(|value| serde_json::to_vec(&value).ok());
    digest(&SHA256, canonical.as_deref().unwrap_or(body))
        .as_ref()
        .to_vec()
}
