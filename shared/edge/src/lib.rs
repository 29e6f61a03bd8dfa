//! HTTP: what every endpoint shares and no endpoint should have to think about.
//!
//! Invariants: every answer has a request id and the security headers; every refusal is
//! `application/problem+json` (RFC 9457) with a stable `code`; nothing internal reaches a client; a
//! panic is a 500, not a dead environment. Bodies are read in a bounded way, and all faults of a
//! body are told at once.
//!
//! [`serve`] is a thin shell over a plain `Router` (shared/wiring builds it from the settings, and
//! anew when secrets were rotated): everything generic about a function stays in the function,
//! everything else is compiled once, here. This crate sees no context, no database
//! and no queue.

mod access;
mod body;
mod cacheable;
mod cursor;
mod fields;
mod idempotency;
mod problem;
mod query;
mod request_id;
mod serve;
mod shapes;
mod shell;
mod staff;
mod token;
mod version;

pub use access::{Bearer, GuestAccess};
pub use body::{BODY_LIMIT, Json, RawBody};
pub use cacheable::public_json;
pub use cursor::IdCursor;
pub use fields::{Field, FieldErrors, Patch, Unknown};
pub use idempotency::{IdempotencyHeader, hash_of};
pub use problem::{FieldError, Problem};
pub use query::Query;
pub use request_id::RequestId;
pub use serve::{serve, storefront};
pub use shapes::{MoneyBody, ProblemBody, created, json_text, ok};
pub use staff::{Lifetime, LifetimeError, Permits, Staff, StaffAccess, permit};
pub use version::{IfMatch, accepted, no_content, versioned};
pub use wiring::StartError;

#[cfg(test)]
mod tests;
