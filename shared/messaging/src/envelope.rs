use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Failure;
use crate::event::lenient;

/// One event on its way: the JSON of a message's body and of an outbox row.
///
/// The payload names ids; a consumer reads the present state of what they name. A field that an
/// older version does not know is ignored, so that a newer producer never breaks a consumer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The message's identity, kept through every rescheduling: the key of the inbox.
    pub id: Uuid,
    /// What happened, in the past tense, `noun.verb`: `order.placed`. It is the routing key too.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the payload's shape, counted from 1 for each type.
    pub version: u16,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The request that led to this, through all messages that follow from it.
    pub correlation_id: String,
    /// What sent it in its trace, where there is one (W3C `traceparent`). Whatever stands there, it
    /// never costs the message.
    #[serde(default, deserialize_with = "lenient")]
    pub trace_parent: Option<String>,
    /// Which try this is, counted from 1.
    #[serde(default = "first_attempt")]
    pub attempt: u32,
    /// The event's facts, by `type` and `version`.
    pub payload: Value,
}

const fn first_attempt() -> u32 {
    1
}

/// The bytes are not an [`Envelope`]; no repeat can make them one.
#[derive(Debug, thiserror::Error)]
#[error("the message is not an event of the shop")]
pub struct MalformedEnvelope(#[from] serde_json::Error);

impl Envelope {
    /// The first attempt of an event; `id` should be a new UUIDv7.
    pub fn new(
        id: Uuid,
        kind: impl Into<String>,
        version: u16,
        occurred_at: DateTime<Utc>,
        correlation_id: impl Into<String>,
        payload: Value,
    ) -> Self {
        Self {
            id,
            kind: kind.into(),
            version,
            occurred_at,
            correlation_id: correlation_id.into(),
            trace_parent: None,
            attempt: first_attempt(),
            payload,
        }
    }

    /// The same event as its given attempt.
    #[must_use]
    pub fn on_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Reads an envelope from a message's body.
    ///
    /// # Errors
    /// [`MalformedEnvelope`] when the bytes are not JSON of this shape.
    pub fn from_bytes(body: &[u8]) -> Result<Self, MalformedEnvelope> {
        Ok(serde_json::from_slice(body)?)
    }

    /// The message's body.
    pub fn to_bytes(&self) -> Vec<u8> {
        // `Value` prints itself as JSON without fail, unlike `serde_json::to_vec`, whose error no
        // envelope can cause.
        let Self {
            id,
            kind,
            version,
            occurred_at,
            correlation_id,
            trace_parent,
            attempt,
            payload,
        } = self;
        let mut body = serde_json::json!({
            "id": id,
            "type": kind,
            "version": version,
            "occurred_at": occurred_at,
            "correlation_id": correlation_id,
            "attempt": attempt,
            "payload": payload,
        });
        if let Some(trace_parent) = trace_parent {
            body["trace_parent"] = trace_parent.as_str().into();
        }
        body.to_string().into_bytes()
    }

    /// The payload as the type that the consumer expects of it.
    ///
    /// # Errors
    /// A permanent [`Failure`]: a payload of another shape stays one however often it is tried. The
    /// failure names the place, never the value, for it is kept and shown to staff.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.payload).map_err(|error| {
            Failure::Permanent(format!(
                "the payload of {} version {} has another shape: {}",
                self.kind,
                self.version,
                shape_only(&error)
            ))
        })
    }
}

/// What serde says of a shape quotes the offending value in `invalid type` and `invalid value`;
/// only the category and the names of fields are safe to keep.
fn shape_only(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") || text.starts_with("unknown field") {
        text
    } else {
        "a value of another type".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn an_event() -> Envelope {
        let at = DateTime::from_timestamp(1_800_000_000, 250_000_000).unwrap();
        Envelope::new(
            Uuid::from_u128(7),
            "order.placed",
            1,
            at,
            "req-1",
            json!({"order_id": 5}),
        )
    }

    #[test]
    fn an_envelope_survives_its_bytes() {
        assert_eq!(
            Envelope::from_bytes(&an_event().to_bytes()).unwrap(),
            an_event()
        );
    }

    #[test]
    fn the_attempt_may_be_absent_and_unknown_fields_are_ignored() {
        let mut body = serde_json::to_value(an_event()).unwrap();
        body.as_object_mut().unwrap().remove("attempt");
        body["tenant"] = json!("later");
        let read = Envelope::from_bytes(body.to_string().as_bytes()).unwrap();
        assert_eq!(read.attempt, 1);
    }

    #[test]
    fn a_trace_is_carried_and_never_costs_the_message() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let traced = Envelope {
            trace_parent: Some(parent.to_owned()),
            ..an_event()
        };
        assert_eq!(Envelope::from_bytes(&traced.to_bytes()).unwrap(), traced);
        let mut body = serde_json::to_value(an_event()).unwrap();
        for strange in [json!(null), json!(7), json!({"a": 1})] {
            body["trace_parent"] = strange;
            let read = Envelope::from_bytes(body.to_string().as_bytes()).unwrap();
            assert_eq!(read, an_event());
        }
    }

    #[test]
    fn a_payload_of_another_shape_is_a_permanent_failure_that_does_not_repeat_the_value() {
        #[derive(Debug, Deserialize)]
        struct Payload {
            #[expect(dead_code, reason = "only its shape matters here")]
            order_id: String,
        }
        let event = Envelope {
            payload: json!({"order_id": 8_031_234_567_u64}),
            ..an_event()
        };
        let Err(Failure::Permanent(error)) = event.payload::<Payload>() else {
            panic!("another shape must be a permanent failure")
        };
        assert!(!error.contains("8031234567"), "{error}");
    }
}
