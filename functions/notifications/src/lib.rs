//! What the functions of the area `notifications` share: handing a message to its provider, and what
//! the provider's answer means.

mod send;

pub use send::{Providers, send};
