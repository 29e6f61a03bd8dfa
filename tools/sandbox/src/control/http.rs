//! `/control`.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::json;

use super::rule::Rule;
use crate::outgoing;
use crate::world::World;

pub(crate) fn routes() -> Router<World> {
    Router::new().route("/control", get(list).post(set).delete(clear))
}

async fn list(State(world): State<World>) -> Response {
    Json(json!({ "active": world.control.list() })).into_response()
}

/// Not axum's `Json`: a wrong field is 422 whatever is wrong with it, and the content type is not
/// asked for, so that a plain `curl -d` works.
async fn set(State(world): State<World>, body: Bytes) -> Response {
    let rule: Rule = match serde_json::from_slice(&body) {
        Ok(rule) => rule,
        Err(error) if error.is_data() => return refused(&error.to_string()),
        Err(error) => {
            let error = json!({ "error": format!("not JSON: {error}") });
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
    };
    if let Some(problem) = rule.problem() {
        return refused(&problem);
    }
    let (id, released) = world.control.set(rule);
    outgoing::deliver_in_order(&world, released);
    Json(json!({ "id": id, "active": world.control.list() })).into_response()
}

async fn clear(State(world): State<World>) -> Response {
    let released = world.control.clear();
    outgoing::deliver_in_order(&world, released);
    StatusCode::NO_CONTENT.into_response()
}

fn refused(reason: &str) -> Response {
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        Json(json!({ "error": reason })),
    )
        .into_response()
}
