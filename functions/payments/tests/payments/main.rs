//! The functions of the area `payments`, as deployed: their binaries, over the Lambda Runtime API.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod callback;
mod faults;
mod get_payment;
mod process_payment;
mod refunds;
mod requests;
mod settlement;
mod start_payment;
mod telemetry;
mod webhook;

const CALLBACK: &str = env!("CARGO_BIN_EXE_payment-callback");
const GET_PAYMENT: &str = env!("CARGO_BIN_EXE_get-payment");
const PROCESS_PAYMENT: &str = env!("CARGO_BIN_EXE_process-payment");
const START_PAYMENT: &str = env!("CARGO_BIN_EXE_start-payment");
const WEBHOOK: &str = env!("CARGO_BIN_EXE_paystack-webhook");

/// The queue of `process-payment`.
const QUEUE: &str = "payment_processing";
/// A reference of the right form that was never given out.
const NEVER_GIVEN_OUT: &str = "mr-0b2f9c1e-6f0a-4a53-9a50-1d2f3f6f2c11";
