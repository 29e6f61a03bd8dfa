//! Rehearses a deployment: version N serves customers, N+1's hooks run, traffic moves to N+1 function
//! by function, back, and over again, and nobody notices.
//!
//! **Owns** the play ([`rehearse`]), the scene it is played on ([`Scene`]: a database, a virtual host,
//! a key prefix and stand-ins of its own), the aliases that decide which version works a function's
//! next event, the customers, and the verdict ([`Report`]).
//!
//! **Invariant.** Both versions are driven as Lambda drives them, one event at a time in an instance
//! that is frozen in between; a request that is in flight when its function's traffic moves is
//! finished by whoever has it. Every answer is looked at: what is not what it must be is a failure,
//! and so is every message, schedule and webhook that was not taken.
//!
//! **Refuses to know** git and cargo: a [`Version`] is a folder of binaries with a route table. It
//! knows the shop as customers, providers and the person with `psql` do. Development only.

mod deploy;
mod environment;
mod feeding;
mod fleet;
mod front;
mod load;
mod provenance;
mod record;
mod report;
mod rest;
mod routes;
mod scene;
mod script;
mod servers;
mod traffic;
mod version;

pub use provenance::Worked;
pub use record::Phase;
pub use report::Report;
pub use scene::Scene;
pub use script::{Plan, rehearse};
pub use servers::Servers;
pub use version::{Side, Version};
