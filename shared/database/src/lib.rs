//! Postgres: the one door to connections and transactions, and the tables that make every request
//! and every message count once: outbox, inbox, idempotency keys, dead messages.
//!
//! Invariants: a transaction is begun here and nowhere else, and ends by [`Transaction::commit`] or
//! by being dropped after a failure, never by a future being dropped half-way (sqlx 0.8.4 to 0.9.0
//! would hand the connection on inside an open transaction; design/data.md). So nothing around
//! database work has a timeout of the client's: the bounds are the server's (migrations/0007) and
//! the pool's limit for borrowing.
//!
//! This crate knows no table of a context, no queue and no HTTP.

pub mod audit;
mod connection;
pub mod dead;
mod error;
pub mod idempotency;
mod inbox;
mod load;
pub mod migrations;
pub mod outbox;
mod pool;
pub mod roles;
mod stored;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use connection::{CONNECTIONS, Connection, Database, DatabaseSettings, Transaction};
pub use dead::{DeadMessage, park};
pub use error::DatabaseError;
pub use inbox::{first_time, was_worked};
pub use load::{Sessions, sessions};
pub use sqlx::PgConnection;
pub use stored::{money, read_word};

#[cfg(test)]
mod tests;
