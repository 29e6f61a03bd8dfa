//! A message on its way in.

use domain::{Cause, Clock, Event, OrderId};
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
    let event = Event::parse(&envelope.kind, envelope.version, &envelope.payload)?;
    if let Some(order) = order_of(&event) {
        tracing::Span::current().record("order", tracing::field::display(order));
    }
    Ok(Inbound {
        event,
        message_id: envelope.id,
        attempt: envelope.attempt,
        cause: Cause::new(clock.now(), consumer, envelope.correlation_id.clone()),
    })
}

/// The order that an event names, for the log.
fn order_of(event: &Event) -> Option<OrderId> {
    match event {
        Event::OrderPlaced { order_id }
        | Event::OrderPaid { order_id }
        | Event::OrderUnderpaid { order_id }
        | Event::OrderConfirmed { order_id }
        | Event::OrderExpired { order_id } => Some(*order_id),
        Event::PaymentRequested { .. }
        | Event::PaymentCheck { .. }
        | Event::PaystackEvent { .. }
        | Event::RefundRequested { .. }
        | Event::RefundCheck { .. }
        | Event::NotificationRequested { .. }
        | Event::ProductCreated { .. }
        | Event::ProductUpdated { .. }
        | Event::ProductArchived { .. }
        | Event::CategoryUpdated { .. }
        | Event::StockChanged { .. }
        | Event::ImageRequested { .. }
        | Event::ImportRequested { .. }
        | Event::ExportRequested { .. } => None,
    }
}
