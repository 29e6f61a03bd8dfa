//! Drives started instances over HTTP and SMTP, as the shop does.

mod calls;
mod checkout;
mod control;
mod mail;
mod pages;
mod refunds;
mod shop;
mod sms;
mod transfers;
mod webhooks;
