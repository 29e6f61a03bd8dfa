//! The event that Amazon MQ's event source invokes a consumer with.
//!
//! `aws_lambda_events` 1.2 refuses `"priority": null` and `"deliveryMode": null`, which real events
//! hold whenever the publisher left them unset; the handler then never runs and the batch returns
//! for ever. Here every property is optional, and each message is decoded by itself, so that a
//! strange one cannot take its batch with it. Shape: "Using Lambda with Amazon MQ" and the fixture
//! `example-rabbitmq-event.json` of aws-lambda-rust-runtime.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[cfg(feature = "lambda")]
use crate::Envelope;

/// One invocation's messages, not yet decoded.
///
/// This outermost level is strict: an event without its messages is an error, which keeps the batch
/// in the broker, where leniency would acknowledge what nobody has read.
#[derive(Debug, Deserialize)]
pub struct QueueEvent {
    /// Messages by `queue::virtual host`.
    #[serde(rename = "rmqMessagesByQueue")]
    messages_by_queue: BTreeMap<String, Vec<Value>>,
}

/// A message as the event source hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueMessage {
    /// The queue it comes from.
    pub queue: String,
    /// That queue's virtual host.
    pub vhost: String,
    /// Whether the broker has delivered it before.
    pub redelivered: bool,
    /// Its AMQP properties, as far as they are there.
    pub properties: Properties,
    /// Its body.
    pub body: Vec<u8>,
}

/// The AMQP properties of a message. Each is absent when it is missing, null or of a type that the
/// AMQP specification does not give it: none of them may cost the message.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    /// The media type of the body.
    #[serde(default, deserialize_with = "lenient")]
    pub content_type: Option<String>,
    /// The encoding of the body.
    #[serde(default, deserialize_with = "lenient")]
    pub content_encoding: Option<String>,
    /// The headers; strings, which come as `{"bytes": […]}`, are strings again.
    #[serde(default, deserialize_with = "headers")]
    pub headers: BTreeMap<String, Value>,
    /// 2 for a message that survives a restart of the broker.
    #[serde(default, deserialize_with = "lenient")]
    pub delivery_mode: Option<u8>,
    /// The priority.
    #[serde(default, deserialize_with = "lenient")]
    pub priority: Option<u8>,
    /// The request that led to the message.
    #[serde(default, deserialize_with = "lenient")]
    pub correlation_id: Option<String>,
    /// The message's identity.
    #[serde(default, deserialize_with = "lenient")]
    pub message_id: Option<String>,
    /// A time in the broker's locale ("Jan 1, 1970, 12:33:41 AM"); for people only.
    #[serde(default, deserialize_with = "lenient")]
    pub timestamp: Option<String>,
    /// What happened.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
}

#[cfg(feature = "lambda")]
impl QueueMessage {
    /// What sent the message in its trace: its envelope's word, else that of the header `traceparent`.
    pub(crate) fn trace_parent<'a>(&'a self, envelope: &'a Envelope) -> Option<&'a str> {
        let header = || self.properties.headers.get("traceparent")?.as_str();
        envelope.trace_parent.as_deref().or_else(header)
    }
}

/// A message whose body could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the event source's message from {queue} {problem}")]
pub struct MalformedMessage {
    /// The queue it comes from.
    pub queue: String,
    /// What is left of it: the JSON that the event held for it.
    pub raw: Vec<u8>,
    problem: &'static str,
}

impl QueueEvent {
    /// Each message of the batch, decoded or not, in the order of its queue.
    pub fn into_messages(self) -> impl Iterator<Item = Result<QueueMessage, MalformedMessage>> {
        self.messages_by_queue
            .into_iter()
            .flat_map(|(address, messages)| {
                let (queue, vhost) = match address.split_once("::") {
                    Some((queue, vhost)) => (queue.to_owned(), vhost.to_owned()),
                    None => (address, "/".to_owned()),
                };
                messages
                    .into_iter()
                    .map(move |message| decode(&queue, &vhost, &message))
            })
    }
}

fn decode(queue: &str, vhost: &str, message: &Value) -> Result<QueueMessage, MalformedMessage> {
    let malformed = |problem| MalformedMessage {
        queue: queue.to_owned(),
        raw: message.to_string().into_bytes(),
        problem,
    };
    let data = message["data"]
        .as_str()
        .ok_or_else(|| malformed("has no data"))?;
    let body = STANDARD
        .decode(data)
        .map_err(|_| malformed("has data that is not base64"))?;
    Ok(QueueMessage {
        queue: queue.to_owned(),
        vhost: vhost.to_owned(),
        redelivered: message["redelivered"].as_bool().unwrap_or(false),
        properties: Properties::deserialize(&message["basicProperties"]).unwrap_or_default(),
        body,
    })
}

/// The value if it is there and of its type, else the default.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

fn headers<'de, D>(deserializer: D) -> Result<BTreeMap<String, Value>, D::Error>
where
    D: Deserializer<'de>,
{
    let headers: BTreeMap<String, Value> = lenient(deserializer)?;
    Ok(headers
        .into_iter()
        .map(|(name, value)| (name, text_of_bytes(value)))
        .collect())
}

fn text_of_bytes(value: Value) -> Value {
    value
        .get("bytes")
        .and_then(|bytes| Vec::<u8>::deserialize(bytes).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map_or(value, Value::String)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn messages(event: Value) -> Vec<Result<QueueMessage, MalformedMessage>> {
        QueueEvent::deserialize(event)
            .unwrap()
            .into_messages()
            .collect()
    }

    /// The documented example, with the nulls of a real event (aws-lambda-dotnet issue 1562).
    fn a_real_event() -> Value {
        json!({
            "eventSource": "aws:rmq",
            "eventSourceArn": "arn:aws:mq:us-west-2:111122223333:broker:pizzaBroker:b-9bcfa592",
            "rmqMessagesByQueue": {"pizzaQueue::/": [{
                "basicProperties": {
                    "contentType": "text/plain", "contentEncoding": null,
                    "headers": {
                        "header1": {"bytes": [118, 97, 108, 117, 101, 49]},
                        "numberInHeader": 10
                    },
                    "deliveryMode": null, "priority": null, "correlationId": null,
                    "replyTo": null, "expiration": "60000", "messageId": null,
                    "timestamp": "Jan 1, 1970, 12:33:41 AM", "type": null,
                    "userId": "AIDACKCEVSQ6C2EXAMPLE", "appId": null, "clusterId": null,
                    "bodySize": 80
                },
                "redelivered": false,
                "data": "eyJ0aW1lb3V0IjowfQ=="
            }]}
        })
    }

    #[test]
    fn nulls_for_priority_and_delivery_mode_are_decoded() {
        let message = messages(a_real_event()).remove(0).unwrap();
        assert_eq!(
            (message.queue.as_str(), message.vhost.as_str()),
            ("pizzaQueue", "/")
        );
        assert_eq!(message.body, br#"{"timeout":0}"#);
        assert_eq!(message.properties.priority, None);
        assert_eq!(message.properties.delivery_mode, None);
        assert_eq!(message.properties.headers["header1"], json!("value1"));
        assert_eq!(message.properties.headers["numberInHeader"], json!(10));
    }

    #[test]
    fn a_property_of_another_type_costs_itself_and_not_the_message() {
        let mut event = a_real_event();
        event["rmqMessagesByQueue"]["pizzaQueue::/"][0]["basicProperties"] =
            json!({"priority": "high", "headers": [1], "type": "order.placed"});
        let message = messages(event).remove(0).unwrap();
        assert_eq!(message.properties.priority, None);
        assert_eq!(message.properties.kind.as_deref(), Some("order.placed"));
    }

    #[test]
    fn a_strange_message_does_not_take_its_batch_with_it() {
        let mut event = a_real_event();
        let batch = event["rmqMessagesByQueue"]["pizzaQueue::/"]
            .as_array_mut()
            .unwrap();
        batch.insert(0, json!({"data": "not base64!"}));
        batch.insert(1, json!(null));
        let decoded = messages(event);
        assert_eq!(
            decoded.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [false, false, true],
            "{decoded:?}"
        );
        assert_eq!(decoded[0].as_ref().unwrap_err().queue, "pizzaQueue");
    }

    #[test]
    fn an_event_of_another_shape_is_an_error_so_that_nothing_unread_is_acknowledged() {
        for event in [
            json!({}),
            json!({"rmqMessagesByQueue": null}),
            json!({"Records": []}),
        ] {
            assert!(QueueEvent::deserialize(event).is_err());
        }
    }
}
