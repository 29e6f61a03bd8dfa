//! Calls that end otherwise than they should.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use crate::control::{Action, Facts, Rule, Taken, Target};
use crate::world::Shared;

/// Does `work`, unless a rule of `/control` says otherwise. `refusal` gives the provider's own body
/// for a status that no rule gave a body for.
pub(crate) async fn unless_told_otherwise<Work>(
    world: &Shared,
    target: Target,
    facts: &Facts,
    refusal: fn(StatusCode) -> Response,
    work: impl FnOnce(Taken) -> Work,
) -> Response
where
    Work: Future<Output = Response>,
{
    let taken = world.control.take(target, facts);
    if let Some(rule) = taken.of(Action::Delay) {
        world.sleep(rule.delay()).await;
    }
    let Some(rule) = taken.ending().cloned() else {
        return work(taken).await;
    };
    match rule.action {
        Action::Refuse | Action::Defer => refuse(&rule, refusal),
        Action::Html => html(),
        Action::Hang => hang(world, rule.patience()).await,
        Action::Drop => cut_connection(),
        Action::TimeoutAfterCommit => {
            work(taken).await;
            hang(world, rule.patience()).await
        }
        // Not endings: they leave the work to be done.
        Action::Delay
        | Action::Repeat
        | Action::BeforeAnswer
        | Action::Shuffle
        | Action::WrongSignature => work(taken).await,
    }
}

fn refuse(rule: &Rule, refusal: fn(StatusCode) -> Response) -> Response {
    let status = rule
        .status
        .and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &rule.body {
        None => refusal(status),
        Some(Value::String(text)) => (status, text.clone()).into_response(),
        Some(body) => (status, axum::Json(body.clone())).into_response(),
    }
}

/// What a proxy between the shop and a provider answers on a bad day.
fn html() -> Response {
    let page = "<!doctype html><html><head><title>Just a moment…</title></head>\
        <body><h1>Checking your browser</h1><p>This is not the API.</p></body></html>";
    (
        StatusCode::OK,
        [(CONTENT_TYPE, "text/html; charset=utf-8")],
        page,
    )
        .into_response()
}

async fn hang(world: &Shared, patience: Duration) -> Response {
    world.sleep(patience).await;
    cut_connection()
}

/// A body that fails at once makes the server close the connection before a byte of the answer has
/// left its buffer; there is no other way to answer nothing at all from within a handler.
fn cut_connection() -> Response {
    let broken = stream::once(async {
        Err::<Bytes, io::Error>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::new(Body::from_stream(broken))
}
