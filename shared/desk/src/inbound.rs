//! A message on its way in.

use domain::{Cause, Clock, Event};
use messaging::Envelope;
use uuid::Uuid;

use crate::failure::Fail;

/// A message as a consumer works it.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// What happened.
    pub event: Event,
    /// The message's identity, for the inbox.
    pub message_id: Uuid,
    /// 1 the first time.
    pub attempt: u32,
    /// Who works it, when, and which request set it off.
    pub cause: Cause,
}

/// Reads an envelope for a consumer.
///
/// # Errors
/// An event from another time, or one that is malformed, can never be worked.
pub fn read(consumer: &str, clock: &Clock, envelope: &Envelope) -> Result<Inbound, Fail> {
    Ok(Inbound {
        event: Event::parse(&envelope.kind, envelope.version, &envelope.payload)?,
        message_id: envelope.id,
        attempt: envelope.attempt,
        cause: Cause::new(clock.now(), consumer, envelope.correlation_id.clone()),
    })
}
