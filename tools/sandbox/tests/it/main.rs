//! Drives started instances over HTTP and SMTP, as the shop does.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps, helpers included"
)]

mod calls;
mod checkout;
mod control;
mod mail;
mod objects;
mod pages;
mod refunds;
mod shop;
mod sms;
mod transfers;
mod webhooks;
