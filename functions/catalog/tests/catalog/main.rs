//! The catalogue's functions, driven over the Runtime API as deployed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod categories;
mod connections;
mod every_function;
mod faults;
mod files;
mod freshness;
mod images;
mod list;
mod managing;
mod product;
mod secrets;
mod shop;
mod telemetry;
mod waiting;
