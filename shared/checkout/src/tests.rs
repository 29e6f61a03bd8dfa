//! The checkout against real Postgres and the stand-in of the provider.

mod counter;
mod expiring;
mod opening;
mod placing;
mod refunding;
mod settling;
