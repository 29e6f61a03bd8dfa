//! The functions of the area `orders`, as deployed: their binaries, over the Lambda Runtime API.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod bad_input;
mod connections;
mod crowd;
mod expiry;
mod faults;
mod get_order;
mod idempotency;
mod place_order;
mod process_order;
mod provider;
mod requests;
mod secrets;
mod telemetry;

const PLACE_ORDER: &str = env!("CARGO_BIN_EXE_place-order");
const GET_ORDER: &str = env!("CARGO_BIN_EXE_get-order");
const PROCESS_ORDER: &str = env!("CARGO_BIN_EXE_process-order");
const EXPIRE_ORDERS: &str = env!("CARGO_BIN_EXE_expire-orders");
