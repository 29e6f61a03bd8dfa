//! Why something happens.

use chrono::{DateTime, Utc};

/// Who does something, when, and because of which request: written beside every change, carried
/// through every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The moment, from the one clock.
    pub at: DateTime<Utc>,
    /// A function's name, or `customer`, or a staff member's id. Never a person's name.
    pub actor: String,
    /// The id of the request that set it off.
    pub correlation_id: String,
}

impl Cause {
    /// A cause.
    pub fn new(
        at: DateTime<Utc>,
        actor: impl Into<String>,
        correlation_id: impl Into<String>,
    ) -> Self {
        Self {
            at,
            actor: actor.into(),
            correlation_id: correlation_id.into(),
        }
    }
}
