//! A scheduled function for this crate's own tests: it says how long it may run.

use messaging::{Invocation, StartError, serve_scheduled};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_scheduled("scheduled", |_| {
        Some(async |invocation: Invocation| {
            if invocation.event["do"] == "fail" {
                return Err("as asked".into());
            }
            Ok(json!({
                "seconds_left": invocation.time_left().map(|left| left.as_secs()),
                "request_id": invocation.request_id,
            }))
        })
    })
    .await
}
