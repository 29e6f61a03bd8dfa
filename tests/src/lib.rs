//! A whole shop for tests: every function behind `cargo lambda watch`, the queue bridge, the relay's
//! schedule and the stand-ins, on a database, a virtual host and a key prefix of its own.
//!
//! **Invariant.** A [`Shop`] shares nothing with another shop but the three servers, and leaves
//! nothing behind, however its test ends. [`Shop::close`] fails unless its books are right: a journey
//! that only looked right to its customer has not passed.
//!
//! **Refuses to know** what the functions do inside. It sees the shop as customers, providers and the
//! person with `psql` see it: routes, pages, messages, rows.

#[cfg(feature = "shop")]
mod buyer;
#[cfg(feature = "shop")]
mod closing;
#[cfg(feature = "shop")]
mod copies;
#[cfg(feature = "shop")]
mod environment;
#[cfg(feature = "shop")]
mod feeding;
#[cfg(feature = "shop")]
mod letters;
#[cfg(feature = "shop")]
mod patience;
#[cfg(feature = "shop")]
mod rows;
#[cfg(feature = "shop")]
mod shop;
#[cfg(feature = "shop")]
mod standins;
#[cfg(feature = "shop")]
mod vhost;
#[cfg(feature = "shop")]
mod watch;

#[cfg(feature = "shop")]
pub use buyer::{Attempt, Buyer, Placed, attempts};
#[cfg(feature = "shop")]
pub use letters::Letter;
#[cfg(feature = "shop")]
pub use patience::eventually;
#[cfg(feature = "shop")]
pub use rows::{Movement, Rows};
#[cfg(feature = "shop")]
pub use shop::{Options, Shop};
#[cfg(feature = "shop")]
pub use standins::{Message, StandIns};
#[cfg(feature = "shop")]
pub use vhost::Vhost;
#[cfg(feature = "shop")]
pub use watch::end_processes;
