//! Stock: how many pieces lie where, and to whom they are promised.
//!
//! Invariants: `available = on_hand - reserved + backorder_limit` is never negative (a CHECK on the
//! row, whatever this code does); each change of a counter has a row in the append-only
//! `stock_movements`, so the sum of movements equals the counters; a promise is `held` (runs out),
//! `committed` (paid), `released` or `shipped`.
//!
//! Level rows are locked last in a transaction and in one order (variant, location), so that two
//! transactions never wait for each other. This crate knows orders by their id only.

mod commit;
mod release;
mod reserve;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use commit::commit;
pub use release::release;
pub use reserve::{Reservation, ReserveError, Wanted, reserve};

#[cfg(test)]
mod tests;
