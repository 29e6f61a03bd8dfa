//! Stand-ins for the outside systems of the shop, for development and tests: Paystack under
//! `/paystack`, Twilio under `/twilio`, S3 under `/s3`, an SMTP server on a port of its own, and the pages a
//! developer looks at (the inbox `/`, the interactive API `/docs`, a storefront, product pictures).
//!
//! It owns the *other side* of each protocol: bodies, error answers, signatures and quirks as the
//! providers' documents tell, and a ledger of its own of what was captured and refunded. The
//! invariant is that of a real provider: no transaction is captured twice, refunds never exceed what
//! was captured, and a delivery is signed over exactly the bytes that are sent. `POST /control`
//! makes it misbehave for a counted number of calls or events (see [`control`]).
//!
//! It refuses to know the shop: no crate of it, no database, no order. It learns of an order only
//! what the shop tells a provider. State lives in memory and ends with the process, but for the objects
//! where they are given a folder; several instances run side by side in one process.

#![warn(missing_docs)]

mod api_docs;
mod clock;
mod config;
pub mod control;
mod inbox;
mod misbehave;
mod outgoing;
mod pages;
mod paystack;
mod pictures;
mod randomness;
mod running;
mod s3;
mod signing;
mod smtp;
mod storefront;
mod twilio;
mod world;

pub use config::{SandboxConfig, StorageAccount};
pub use running::{Running, Sandbox};
pub use signing::{paystack_signature, twilio_signature};
