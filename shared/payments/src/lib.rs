//! Payments: each attempt to pay an order, what the provider said of it, what went back, and money
//! that nobody expected.
//!
//! Invariants: a reference is unique and mapped to its order for ever; each fact is a row in the
//! append-only `payment_events`, the same fact told twice is one row; an attempt's status follows
//! the domain's table and its row is locked while it moves; refunds never exceed what was captured
//! (a trigger checks it under the payment's lock).
//!
//! This crate does not talk to the provider and knows orders by id only; `checkout` joins both.

mod attempt;
mod initialise;
mod outcome;
mod refund;
mod store;
mod store_refunds;
mod store_webhooks;
mod unmatched;
mod webhook;

pub use attempt::{Attempt, BankAccount, NewAttempt, by_reference, latest, lock, of_order, record};
pub use initialise::{Instructions, claim, opened, release_claim};
pub use outcome::{
    Receipt, TransitionError, credit, credited_by_others, fail, give_back, set_aside,
};
pub use refund::{
    NewRefund, Refund, RefundProgress, advance_refund, begin_sending, find_refund, open_refunds_of,
};
pub use unmatched::{UnmatchedPayment, note_unmatched};
pub use webhook::{WebhookError, WebhookFact, fact, receive};
