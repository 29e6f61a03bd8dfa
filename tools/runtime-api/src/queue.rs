use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A message in a queue, for [`rabbitmq_event`]. What is not set is null in the event, as in real
/// ones.
#[derive(Debug, Clone, Default)]
pub struct Message {
    body: Vec<u8>,
    redelivered: bool,
    headers: BTreeMap<String, Value>,
    properties: Map<String, Value>,
}

impl Message {
    /// A message of which nothing is known but its body: `priority` and `deliveryMode` are null.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
    }

    /// A message whose body is JSON, with the properties that the shop's relay sets: `id`, `type`
    /// and `correlation_id` are taken from the body.
    pub fn event(event: &Value) -> Self {
        Self::new(event.to_string())
            .property("contentType", json!("application/json"))
            .property("deliveryMode", json!(2))
            .property("priority", json!(0))
            .property("messageId", event["id"].clone())
            .property("type", event["type"].clone())
            .property("correlationId", event["correlation_id"].clone())
            .property("timestamp", json!("Nov 23, 2026, 10:37:32 AM"))
    }

    /// Sets a property by its name in the event: `messageId`.
    #[must_use]
    pub fn property(mut self, name: &str, value: Value) -> Self {
        self.properties.insert(name.to_owned(), value);
        self
    }

    /// Adds a header; a text becomes `{"bytes": […]}`, a number stays one.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let value = value
            .as_str()
            .map_or(value.clone(), |text| json!({"bytes": text.as_bytes()}));
        self.headers.insert(name.to_owned(), value);
        self
    }

    /// Marks it as delivered before.
    #[must_use]
    pub fn redelivered(mut self) -> Self {
        self.redelivered = true;
        self
    }

    fn json(&self) -> Value {
        let names = [
            "contentType",
            "contentEncoding",
            "deliveryMode",
            "priority",
            "correlationId",
            "replyTo",
            "expiration",
            "messageId",
            "timestamp",
            "type",
            "userId",
            "appId",
            "clusterId",
        ];
        let mut properties: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), Value::Null))
            .collect();
        properties.insert("headers".to_owned(), json!(self.headers));
        properties.insert("bodySize".to_owned(), json!(self.body.len()));
        properties.extend(self.properties.clone());
        json!({
            "basicProperties": properties,
            "redelivered": self.redelivered,
            "data": STANDARD.encode(&self.body),
        })
    }
}

/// The event that Amazon MQ's event source invokes a consumer with: one queue's batch.
///
/// Shape: AWS, "Using Lambda with Amazon MQ", and the fixture `example-rabbitmq-event.json` of
/// aws-lambda-rust-runtime; text in headers comes as bytes, `data` in base64.
pub fn rabbitmq_event(queue: &str, vhost: &str, messages: &[Message]) -> Value {
    let messages: Vec<Value> = messages.iter().map(Message::json).collect();
    json!({
        "eventSource": "aws:rmq",
        "eventSourceArn":
            "arn:aws:mq:eu-west-1:123456789012:broker:madrush:b-9bcfa592-423a-4942-879d-eb284b418fc8",
        "rmqMessagesByQueue": {format!("{queue}::{vhost}"): messages},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_shape_of_a_real_one() {
        let message = Message::new("hi")
            .header("kind", "a")
            .header("n", 10)
            .redelivered();
        let event = rabbitmq_event("orders", "/shop", &[message]);
        let message = &event["rmqMessagesByQueue"]["orders::/shop"][0];
        assert_eq!(message["data"], "aGk=");
        assert_eq!(message["redelivered"], true);
        let properties = &message["basicProperties"];
        assert_eq!(
            properties["headers"],
            json!({"kind": {"bytes": [97]}, "n": 10})
        );
        assert_eq!(properties["bodySize"], 2);
        assert!(properties["priority"].is_null() && properties["deliveryMode"].is_null());
        assert_eq!(properties.as_object().unwrap().len(), 15);
    }

    #[test]
    fn the_shops_events_carry_what_its_relay_sets() {
        let event = json!({"id": "i", "type": "order.placed", "correlation_id": "c"});
        let properties = &Message::event(&event).json()["basicProperties"];
        assert_eq!(properties["messageId"], "i");
        assert_eq!(properties["type"], "order.placed");
        assert_eq!(
            (&properties["priority"], &properties["deliveryMode"]),
            (&json!(0), &json!(2))
        );
    }
}
