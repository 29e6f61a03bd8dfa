//! RabbitMQ: how the shop's events travel from the outbox to their consumers.
//!
//! **Owns** the topology (which exchange, which queue carries which event, who consumes it), the
//! [`Envelope`] every message is, the relay's [`Publisher`], and the edge of functions that are
//! started by a queue ([`serve_consumer`]) or by the clock and the deployment
//! ([`serve_scheduled`]).
//!
//! **Invariants.** A message counts as published only when the broker has confirmed *that* message
//! and did not return it. A message counts as consumed only when its effect, its rescheduling or
//! its parking has been recorded; one message's failure, however bad, never decides over another's.
//!
//! **Refuses to know** tables, contexts, HTTP and what an event means: where failures are recorded
//! is behind [`FailureDesk`], which the database crate implements.
//!
//! Two features, both off by default, keep what a function links small: `broker` (AMQP: declare and
//! publish) and `lambda` (the runtime's edge). A consumer needs no `broker`: Amazon MQ's event
//! source reads the queue for it.

mod backoff;
mod desk;
mod envelope;
mod event;
mod settings;
pub mod topology;

#[cfg(feature = "broker")]
mod connection;
#[cfg(feature = "broker")]
mod dead_letters;
#[cfg(feature = "broker")]
mod declare;
#[cfg(feature = "broker")]
mod publisher;
#[cfg(feature = "broker")]
mod sending;

#[cfg(feature = "lambda")]
mod consumer;
#[cfg(feature = "lambda")]
mod scheduled;

pub use backoff::{
    LONGEST_BACKOFF, MAX_ATTEMPTS, SHORTEST_BACKOFF, longest_backoff, replayed_attempt,
};
pub use desk::{Failure, FailureDesk, Unavailable};
pub use envelope::{Envelope, MalformedEnvelope};
pub use event::{MalformedMessage, Properties, QueueEvent, QueueMessage};
pub use settings::RabbitSettings;

#[cfg(feature = "broker")]
pub use connection::BrokerUnavailable;
#[cfg(feature = "broker")]
pub use dead_letters::{NotCollected, collect_dead};
#[cfg(feature = "broker")]
pub use declare::{DeclareError, declare};
#[cfg(feature = "broker")]
pub use publisher::{NotPublished, Publisher};

#[cfg(feature = "lambda")]
pub use consumer::{BatchReport, CONCURRENCY, serve_consumer};
#[cfg(feature = "lambda")]
pub use scheduled::{Invocation, serve_ordered, serve_scheduled};
#[cfg(feature = "lambda")]
pub use wiring::StartError;

#[cfg(all(test, feature = "broker", feature = "lambda"))]
mod tests;
