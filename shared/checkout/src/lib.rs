//! What joins the contexts in one transaction, and the order with the payment provider: placing an
//! order, opening a payment, settling it, expiring what was not paid, giving money back.
//!
//! Invariants:
//! - The effect and its announcement commit together. No network call happens inside a transaction:
//!   the intent is recorded and committed, the provider is called, the outcome is recorded.
//! - Money is what the provider answers when *asked*; a webhook or a browser is a hint.
//! - [`settle_payment`] is the one place where money changes an order. It can be called any number
//!   of times, at once, from anywhere.
//! - Rows are locked in one order: the order, its payment, stock levels.
//!
//! Contexts do not know each other; this crate calls them in turn with plain values. It sees neither
//! HTTP nor queues. Of the outside systems it knows Paystack alone, because settling *is* asking it.

mod expire;
mod facts;
mod follow_payment;
mod observe;
mod open_payment;
mod outcome;
mod place_order;
mod refund;
mod resources;
mod settle;
mod start_payment;
mod stray;
mod tell;

pub use expire::{Expired, expire_order};
pub use facts::order_facts;
pub use follow_payment::{FollowError, follow_payment};
pub use observe::ProviderError;
pub use open_payment::{Claim, OpenPaymentError, Opening, open_payment};
pub use place_order::{Item, PlaceOrder, PlaceOrderError, place, price, write};
pub use refund::{RefundError, check_refund, send_refund};
pub use resources::{Resources, Terms};
pub use settle::{SettleError, settle_payment};
pub use start_payment::{StartPayment, StartPaymentError, start_payment};
pub use stray::note_stray;
pub use tell::{TellError, tell_customer};

#[cfg(test)]
mod tests;
