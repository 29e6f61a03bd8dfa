//! Twilio, as the shop speaks to it: sending an SMS, finding it again, counting its segments, and
//! checking that a callback is genuine.
//!
//! **Owns** the protocol: addresses, time limits, what each error code means for the message, the
//! signature of callbacks, and how many segments a text takes.
//!
//! **Invariant:** an SMS is sent at most once by each call. Twilio has no idempotency key, so only
//! a connection that could not be made at all is tried again; after an unclear end
//! ([`TwilioError::is_unclear`]) look for the message ([`Twilio::find_recent`]) before sending it
//! again. *Accepted* is not *delivered*: the outcome comes by callback or by fetching.
//!
//! **Refuses to know** how a phone number comes to be E.164, who may be written to, and what the
//! text says.
//!
//! Outside facts are from Twilio's OpenAPI document (`twilio_api_v2010`), its error pages
//! (`twilio.com/docs/api/errors`) and its helper libraries, noted where they are used.

mod answer;
mod client;
mod error;
mod http;
mod message;
mod segments;
mod settings;
mod signature;

pub use client::{SetupError, TimeLimits, Twilio};
pub use error::{Doubt, TwilioError};
pub use message::{Message, MessageStatus, SendSms, Sent};
pub use segments::{Encoding, Segments, segments};
pub use settings::{Sender, TwilioSettings};
pub use signature::{BadSignature, CallbackVerifier};
