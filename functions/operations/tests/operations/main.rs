//! The functions of the area `operations`, as deployed: their binaries, over the Lambda Runtime API,
//! with the real broker and cache.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod activity;
mod broker;
mod connections;
mod dead_messages;
mod declare_queues;
mod deployment;
mod health;
mod migrate;
mod relay_outbox;
mod requests;
mod roles;
mod staff;
mod telemetry;

const ADMIN_DISCARD_MESSAGE: &str = env!("CARGO_BIN_EXE_admin-discard-message");
const ADMIN_LIST_DEAD_MESSAGES: &str = env!("CARGO_BIN_EXE_admin-list-dead-messages");
const ADMIN_REPLAY_MESSAGE: &str = env!("CARGO_BIN_EXE_admin-replay-message");
const ADMIN_STREAM_ACTIVITY: &str = env!("CARGO_BIN_EXE_admin-stream-activity");
const DECLARE_QUEUES: &str = env!("CARGO_BIN_EXE_declare-queues");
const HEALTH: &str = env!("CARGO_BIN_EXE_health");
const MIGRATE: &str = env!("CARGO_BIN_EXE_migrate");
const RELAY_OUTBOX: &str = env!("CARGO_BIN_EXE_relay-outbox");
