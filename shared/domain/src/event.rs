//! What happened, past tense and versioned. Payloads name ids; a consumer reads the present state.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    CategoryId, ExportId, Fault, ImageId, ImportId, Kind, NotificationId, OrderId,
    PaymentReference, ProductId, RefundId, VariantId, WebhookId,
};

macro_rules! events {
    ($(
        $(#[$meta:meta])*
        $variant:ident = ($word:literal, $version:literal) { $field:ident: $type:ty },
    )+) => {
        /// Everything that is announced through the outbox.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $( $(#[$meta])* $variant {
                /// Whom it is about.
                $field: $type,
            } ),+
        }

        impl Event {
            /// Every type of event, which is also its routing key.
            pub const TYPES: &'static [&'static str] = &[$($word),+];

            /// Its type, which is also its routing key.
            #[must_use]
            pub const fn event_type(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $word ),+ }
            }

            /// The version of its payload.
            #[must_use]
            pub const fn version(&self) -> u16 {
                match self { $( Self::$variant { .. } => $version ),+ }
            }

            /// Its payload as JSON.
            #[must_use]
            pub fn payload(&self) -> Value {
                match self { $( Self::$variant { $field } => serde_json::json!({ stringify!($field): $field }) ),+ }
            }

            /// Reads a received event.
            ///
            /// # Errors
            /// [`EventError`] for a type or version this code does not know, or a payload that is
            /// not that type's.
            pub fn parse(event_type: &str, version: u16, payload: &Value) -> Result<Self, EventError> {
                match (event_type, version) {
                    $( ($word, $version) => {
                        #[derive(Deserialize)]
                        struct Payload { $field: $type }
                        let Payload { $field } = Payload::deserialize(payload)?;
                        Ok(Self::$variant { $field })
                    } )+
                    _ => Err(EventError::Unknown { event_type: event_type.to_owned(), version }),
                }
            }
        }
    };
}

events! {
    /// An order was placed and its stock reserved.
    OrderPlaced = ("order.placed", 1) { order_id: OrderId },
    /// An order's money arrived.
    OrderPaid = ("order.paid", 1) { order_id: OrderId },
    /// An order's money arrived in part.
    OrderUnderpaid = ("order.underpaid", 1) { order_id: OrderId },
    /// An order will be paid to the rider.
    OrderConfirmed = ("order.confirmed", 1) { order_id: OrderId },
    /// An order was not paid in time.
    OrderExpired = ("order.expired", 1) { order_id: OrderId },
    /// A further attempt to pay was begun.
    PaymentRequested = ("payment.requested", 1) { reference: PaymentReference },
    /// The time has come to ask the provider about an attempt.
    PaymentCheck = ("payment.check", 1) { reference: PaymentReference },
    /// The provider told something through its webhook.
    PaystackEvent = ("paystack.event", 1) { webhook_id: WebhookId },
    /// Money must go back.
    RefundRequested = ("refund.requested", 1) { refund_id: RefundId },
    /// The time has come to ask the provider about a refund.
    RefundCheck = ("refund.check", 1) { refund_id: RefundId },
    /// A message must go to someone.
    NotificationRequested = ("notification.requested", 1) { notification_id: NotificationId },
    /// A product was made.
    ProductCreated = ("product.created", 1) { product_id: ProductId },
    /// A product, its options, variants or pictures were changed, or its time to be shown has come.
    ProductUpdated = ("product.updated", 1) { product_id: ProductId },
    /// A product was taken out of the catalogue.
    ProductArchived = ("product.archived", 1) { product_id: ProductId },
    /// A category was made, changed, moved or removed.
    CategoryUpdated = ("category.updated", 1) { category_id: CategoryId },
    /// How many pieces of a variant can be had has changed.
    StockChanged = ("stock.changed", 1) { variant_id: VariantId },
    /// A picture was promised: the time has come to ask whether it was uploaded.
    ImageRequested = ("image.requested", 1) { image_id: ImageId },
    /// A file of products waits to be read, or to be read on.
    ImportRequested = ("import.requested", 1) { import_id: ImportId },
    /// A file of products waits to be written, or to be written on.
    ExportRequested = ("export.requested", 1) { export_id: ExportId },
}

/// A message that this code cannot work.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// A type or version from another time.
    #[error("no event {event_type} in version {version} is known")]
    Unknown {
        /// The type.
        event_type: String,
        /// Its version.
        version: u16,
    },
    /// The payload is not that of its type. Says in which way and never what stands there: errors are
    /// kept with their message and shown to staff.
    #[error("the event's payload is malformed: {0}")]
    Malformed(String),
}

impl From<serde_json::Error> for EventError {
    /// serde quotes the value in all its sentences but this one.
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        Self::Malformed(if text.starts_with("missing field") {
            text
        } else {
            "a field has another type".to_owned()
        })
    }
}

impl Fault for EventError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_event",
            Self::Malformed(_) => "malformed_event",
        }
    }
}

// A reference in a message was written by ourselves; it is checked all the same.
impl<'de> Deserialize<'de> for PaymentReference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_reads_back_as_itself() {
        let reference = PaymentReference::random();
        let events = [
            Event::OrderPlaced {
                order_id: OrderId::new(),
            },
            Event::PaymentCheck { reference },
            Event::NotificationRequested {
                notification_id: NotificationId::new(),
            },
        ];
        for event in events {
            let read = Event::parse(event.event_type(), event.version(), &event.payload());
            assert_eq!(read.unwrap(), event);
        }
    }

    #[test]
    fn events_from_another_time_are_named() {
        let error = Event::parse("order.placed", 9, &Value::Null).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no event order.placed in version 9 is known"
        );
        let told = |payload: Value| {
            let error = Event::parse("payment.check", 1, &payload).unwrap_err();
            crate::chain(&error)
        };
        let malformed = "the event's payload is malformed: ";
        let missing = told(serde_json::json!({}));
        assert_eq!(missing, format!("{malformed}missing field `reference`"));
        for payload in [
            serde_json::json!({"reference": "Ada Obi"}),
            serde_json::json!({"reference": 4}),
            serde_json::json!("Ada Obi"),
        ] {
            assert_eq!(
                told(payload),
                format!("{malformed}a field has another type")
            );
        }
    }
}
