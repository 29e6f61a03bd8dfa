#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod collecting;
mod consuming;
mod declaring;
mod publishing;
mod vhost;

use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

use crate::Envelope;

/// The event number `n` of a type.
fn an_event(n: u128, kind: &str) -> Envelope {
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    Envelope::new(
        Uuid::from_u128(n),
        kind,
        1,
        at,
        format!("req-{n}"),
        json!({"n": n.to_string()}),
    )
}
