//! A message on its way out.

use database::outbox::OutboxMessage;
use messaging::Envelope;
use uuid::Uuid;

/// An outbox row as the broker gets it.
#[must_use]
pub fn envelope(row: &OutboxMessage) -> Envelope {
    Envelope {
        id: row.message_id,
        kind: row.event_type.clone(),
        version: u16::try_from(row.version).unwrap_or_default(),
        occurred_at: row.occurred_at,
        correlation_id: row.correlation_id.clone(),
        trace_parent: row.trace_parent.clone(),
        attempt: u32::try_from(row.attempt).unwrap_or(1),
        payload: row.payload.clone(),
    }
}

/// What names an outbox row.
#[must_use]
pub const fn key(row: &OutboxMessage) -> (Uuid, i32) {
    (row.message_id, row.attempt)
}

pub(crate) fn row(envelope: &Envelope) -> OutboxMessage {
    OutboxMessage {
        message_id: envelope.id,
        attempt: i32::try_from(envelope.attempt).unwrap_or(i32::MAX),
        event_type: envelope.kind.clone(),
        version: i16::try_from(envelope.version).unwrap_or(i16::MAX),
        payload: envelope.payload.clone(),
        correlation_id: envelope.correlation_id.clone(),
        trace_parent: envelope.trace_parent.clone(),
        occurred_at: envelope.occurred_at,
    }
}
