//! How a function starts, and how it gets new secrets without being deployed anew.
//!
//! **Owns** the way from a function's environment to what it works with: [`Wiring`] reads the
//! settings and hands them to the function's own closure, which builds its resources and routes. On
//! AWS the environment holds no secret: where it has `NAME_SECRET=<secret>#<key>`, the setting
//! `NAME` is read from AWS's Parameters and Secrets extension, which listens on localhost.
//!
//! **Invariants.** Every wait is bounded. Secrets that do not come do not end a function: it serves
//! refusals and reads again at the next request. A setting that is missing or malformed does end
//! it, with every name in one error, because only a deployment can mend it. A secret that gave
//! reason to doubt it ([`settings::refused`], [`settings::unknown_to`]) is read once more, and the
//! function is built anew only if something has changed. No value of a setting is ever logged.
//!
//! **Refuses to know** any particular setting, HTTP requests and queues: `edge` and `messaging`
//! build on it.

mod extension;
mod reference;
mod source;
mod start;
mod wiring;

pub use extension::SecretsUnavailable;
pub use start::{StartError, described};
pub use wiring::{NotWired, Wiring};

#[cfg(test)]
mod tests;
