//! Paystack, as the shop speaks to it: starting, verifying and listing transactions, charging a
//! bank transfer or USSD, refunding, and reading the webhook.
//!
//! **Owns** the protocol: addresses, time limits, which call may be repeated, the many spellings in
//! which Paystack writes the same fact, and what each failure says about the money.
//!
//! **Invariant:** a call that may move money is sent at most once. Only a connection that could not
//! be made at all is tried again; every other failure of such a call answers an error whose
//! [`PaystackError::is_unclear`] tells whether it may have happened all the same.
//!
//! **Refuses to know** orders, prices, the database, and what should follow from an answer. Amounts
//! are whole subunits (kobo), never fractions; references are the caller's.
//!
//! Outside facts are from the documentation at `paystack.com/docs` (API reference, "Verify
//! payments", "Payment channels", "Webhooks"), noted where they are used.

mod answer;
mod charges;
mod checkout;
mod client;
mod error;
mod event;
mod fields;
mod http;
mod initialize;
mod refunds;
mod settings;
mod signature;
mod transactions;

pub use charges::{BankAccount, Charge, ChargeAnswer, Charged, UssdBank};
pub use client::{Paystack, SetupError, TimeLimits};
pub use error::{Doubt, PaystackError};
pub use event::{BadEvent, Event, EventKind};
pub use initialize::{Channel, Initialize, Initialized};
pub use refunds::{NewRefund, Refund, RefundStatus};
pub use settings::{Mode, PaystackSettings, WebhookKeys};
pub use signature::{BadSignature, WebhookVerifier};
pub use transactions::{ListTransactions, Page, Transaction, TransactionStatus};
