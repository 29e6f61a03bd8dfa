use std::future::Future;
use std::time::Duration;

use crate::Envelope;

/// Why a handler could not work its message. The text is kept with the message and shown to staff:
/// it must name no secret and no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may work later: the message is rescheduled with back-off, and parked after the last try.
    #[error("cannot be worked now: {0}")]
    Temporary(String),
    /// No repeat can make it work: the message is parked at once.
    #[error("can never be worked: {0}")]
    Permanent(String),
}

/// The failure itself could not be recorded. It is the one error that a consumer answers to Lambda,
/// because the broker's copy is then the only one left.
#[derive(Debug, thiserror::Error)]
#[error("the failure of a message could not be recorded")]
pub struct Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Unavailable {
    /// Wraps what kept the desk from recording.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Where a message goes that could not be worked; the database crate implements it over the outbox
/// and `dead_messages`.
///
/// Both methods must be durable when they answer `Ok`, for the broker's copy is deleted then. Both
/// may be called again for the same message (the batch is delivered at least once).
pub trait FailureDesk {
    /// Has the message delivered again after `delay`, as attempt number `attempt`, under the same id.
    fn reschedule(
        &self,
        message: &Envelope,
        attempt: u32,
        delay: Duration,
        error: &str,
    ) -> impl Future<Output = Result<(), Unavailable>>;

    /// Puts the message aside for staff. `raw` is its body as it came; `message` is absent when
    /// these bytes are no envelope.
    fn park(
        &self,
        queue: &str,
        raw: &[u8],
        message: Option<&Envelope>,
        error: &str,
    ) -> impl Future<Output = Result<(), Unavailable>>;
}
