//! The function of the area `notifications`, as deployed: its binary, over the Lambda Runtime API.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod email;
mod messages;
mod person;
mod sms;
mod telemetry;

const SEND: &str = env!("CARGO_BIN_EXE_send-notification");

/// The queue of `send-notification`.
const QUEUE: &str = "notifications";
