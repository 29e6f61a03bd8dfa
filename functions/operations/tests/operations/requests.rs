//! What staff ask for.

use runtime_api::Request;
use serde_json::Value;

pub(crate) fn ready() -> Request {
    Request::get("/api/health/ready").route("/api/health/ready")
}

/// With a query, such as `?limit=1`.
pub(crate) fn list(query: &str) -> Request {
    Request::get(&format!("/api/admin/dead-messages{query}")).route("/api/admin/dead-messages")
}

pub(crate) fn replay(id: &str) -> Request {
    Request::post(&format!("/api/admin/dead-messages/{id}/replay"))
        .route("/api/admin/dead-messages/{id}/replay")
}

pub(crate) fn discard(id: &str, body: &Value) -> Request {
    Request::post(&format!("/api/admin/dead-messages/{id}/discard"))
        .route("/api/admin/dead-messages/{id}/discard")
        .json(body)
}

/// With a query, such as `?after=7-1`.
pub(crate) fn activity(query: &str) -> Request {
    Request::get(&format!("/api/admin/activity{query}")).route("/api/admin/activity")
}
