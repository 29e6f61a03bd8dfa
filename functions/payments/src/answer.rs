//! The answer to a request that begins a payment: stored once, given on every repeat.

use axum::response::Response;
use database::idempotency::{IdempotencyKey, StoredAnswer, complete};
use database::{Database, DatabaseError};
use edge::json_text;
use http::StatusCode;

/// Completes a request's key with its answer, and answers what is stored: of two requests that
/// complete one key, both give the first one's, byte for byte. `finish` adds what must not be stored.
///
/// # Errors
/// [`DatabaseError`]; a repeat of the request completes it.
pub async fn answer_once(
    database: &Database,
    key: &IdempotencyKey,
    body: String,
    finish: impl FnOnce(String) -> String,
) -> Result<Response, DatabaseError> {
    let answer = StoredAnswer {
        status: StatusCode::CREATED.as_u16(),
        body,
    };
    let stored = complete(&mut *database.connection().await?, key, &answer).await?;
    Ok(give(stored, finish))
}

/// A stored answer as it is given.
pub fn give(stored: StoredAnswer, finish: impl FnOnce(String) -> String) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    json_text(status, finish(stored.body))
}
