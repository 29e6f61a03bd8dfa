//! Where messages meet the database: an outbox row becomes an envelope, an envelope becomes an event
//! with its cause, and a message that fails is rescheduled through the outbox or put aside, where
//! staff see it and decide: replay or discard.
//!
//! Invariants: when [`Desk`] has answered, the message is durable in Postgres; the broker's copy may
//! go. A dead message is decided on once, and a replayed one is in the outbox if and only if that is
//! recorded. `messaging` knows no table and `database` no queue; this crate is the one that knows both.

pub mod dead;
mod failure;
mod inbound;
mod outbound;

pub use failure::{Desk, Fail};
pub use inbound::{Inbound, read};
pub use outbound::{envelope, key};

#[cfg(test)]
mod tests;
