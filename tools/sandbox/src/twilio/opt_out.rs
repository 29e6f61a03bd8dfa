//! STOP and START, as a switch for people and tests.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    to: String,
}

pub(super) async fn out(State(world): State<World>, body: Bytes) -> Response {
    switch(&body, |number| world.switchboard().opt_out(number))
}

pub(super) async fn back(State(world): State<World>, body: Bytes) -> Response {
    switch(&body, |number| world.switchboard().opt_in(number))
}

fn switch(body: &[u8], apply: impl FnOnce(&str)) -> Response {
    match serde_json::from_slice::<Number>(body) {
        Ok(number) => {
            apply(&number.to);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            let problem = Json(json!({ "error": error.to_string() }));
            (StatusCode::UNPROCESSABLE_ENTITY, problem).into_response()
        }
    }
}
