//! The event that Amazon MQ's event source hands to a function.
//!
//! Shape: "Using Lambda with Amazon MQ" and the fixture `example-rabbitmq-event.json` of
//! aws-lambda-rust-runtime. The event source is a Java program that writes the RabbitMQ client's
//! objects as Gson does, which explains what looks odd: string headers are objects with their bytes
//! (Java's, so signed), times are texts of the en_US locale, what is not set is null.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use lapin::message::Delivery;
use lapin::protocol::BasicProperties;
use lapin::types::{AMQPValue, DecimalValue, FieldTable, ShortString};
use serde_json::{Map, Number, Value, json};

/// No broker of this account exists; the form is a real one's.
const ARN: &str =
    "arn:aws:mq:us-east-1:000000000000:broker:madrush:b-00000000-0000-0000-0000-000000000000";

/// The event for one batch of one queue.
pub(crate) fn event(queue: &str, vhost: &str, batch: &[Delivery]) -> Value {
    let messages: Vec<Value> = batch.iter().map(message).collect();
    json!({
        "eventSource": "aws:rmq",
        "eventSourceArn": ARN,
        "rmqMessagesByQueue": { (format!("{queue}::{vhost}")): messages },
    })
}

fn message(delivery: &Delivery) -> Value {
    json!({
        "basicProperties": properties(&delivery.properties, delivery.data.len()),
        "redelivered": delivery.redelivered,
        "data": STANDARD.encode(&delivery.data),
    })
}

fn properties(properties: &BasicProperties, body_size: usize) -> Value {
    json!({
        "contentType": text(properties.content_type()),
        "contentEncoding": text(properties.content_encoding()),
        "headers": properties.headers().as_ref().map(table),
        "deliveryMode": properties.delivery_mode(),
        "priority": properties.priority(),
        "correlationId": text(properties.correlation_id()),
        "replyTo": text(properties.reply_to()),
        "expiration": text(properties.expiration()),
        "messageId": text(properties.message_id()),
        "timestamp": properties.timestamp().and_then(locale_time),
        "type": text(properties.kind()),
        "userId": text(properties.user_id()),
        "appId": text(properties.app_id()),
        "clusterId": text(properties.cluster_id()),
        "bodySize": body_size,
    })
}

fn text(value: &Option<ShortString>) -> Option<&str> {
    value.as_ref().map(ShortString::as_str)
}

/// Java's medium form of the en_US locale: `Jan 1, 1970, 12:33:41 AM`.
fn locale_time(seconds: u64) -> Option<String> {
    let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    Some(time.format("%b %-d, %Y, %-I:%M:%S %p").to_string())
}

fn table(fields: &FieldTable) -> Value {
    let fields = fields.inner().iter();
    Value::Object(
        fields
            .map(|(name, value)| (name.to_string(), header(value)))
            .collect(),
    )
}

fn header(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(value) => json!(value),
        AMQPValue::ShortShortInt(value) => json!(value),
        AMQPValue::ShortShortUInt(value) => json!(value),
        AMQPValue::ShortInt(value) => json!(value),
        AMQPValue::ShortUInt(value) => json!(value),
        AMQPValue::LongInt(value) => json!(value),
        AMQPValue::LongUInt(value) => json!(value),
        AMQPValue::LongLongInt(value) => json!(value),
        AMQPValue::Float(value) => json!(value),
        AMQPValue::Double(value) => json!(value),
        AMQPValue::DecimalValue(value) => decimal(value),
        AMQPValue::ShortString(value) => long_string(value.as_str().as_bytes()),
        AMQPValue::LongString(value) => long_string(value.as_bytes()),
        AMQPValue::FieldArray(values) => values.as_slice().iter().map(header).collect(),
        AMQPValue::Timestamp(seconds) => json!(locale_time(*seconds)),
        AMQPValue::FieldTable(fields) => table(fields),
        AMQPValue::ByteArray(bytes) => signed(bytes.as_slice()),
        AMQPValue::Void => Value::Null,
    }
}

/// The Java client's `LongString` has one field.
fn long_string(bytes: &[u8]) -> Value {
    Value::Object(Map::from_iter([("bytes".to_owned(), signed(bytes))]))
}

fn signed(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| json!(byte.cast_signed())).collect()
}

/// A `BigDecimal` is written as a number.
fn decimal(DecimalValue { scale, value }: &DecimalValue) -> Value {
    format!("{value}e-{scale}")
        .parse::<Number>()
        .map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(properties: BasicProperties, data: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, "".into(), "pizzaQueue".into(), false, data.to_vec());
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn the_documented_event_is_reproduced() {
        let mut headers = FieldTable::default();
        headers.insert("header1".into(), AMQPValue::LongString("value1".into()));
        headers.insert("numberInHeader".into(), AMQPValue::LongInt(10));
        let properties = BasicProperties::default()
            .with_content_type("text/plain".into())
            .with_headers(headers)
            .with_delivery_mode(1)
            .with_priority(34)
            .with_expiration("60000".into())
            .with_timestamp(2021)
            .with_user_id("AIDACKCEVSQ6C2EXAMPLE".into());
        let data = br#"{"timeout":0,"data":"CZrmf0Gw8Ov4bqLQxD4E"}"#;
        assert_eq!(
            event("pizzaQueue", "/", &[delivery(properties, data)])["rmqMessagesByQueue"],
            json!({"pizzaQueue::/": [{
                "basicProperties": {
                    "contentType": "text/plain",
                    "contentEncoding": null,
                    "headers": {
                        "header1": {"bytes": [118, 97, 108, 117, 101, 49]},
                        "numberInHeader": 10,
                    },
                    "deliveryMode": 1,
                    "priority": 34,
                    "correlationId": null,
                    "replyTo": null,
                    "expiration": "60000",
                    "messageId": null,
                    "timestamp": "Jan 1, 1970, 12:33:41 AM",
                    "type": null,
                    "userId": "AIDACKCEVSQ6C2EXAMPLE",
                    "appId": null,
                    "clusterId": null,
                    "bodySize": data.len(),
                },
                "redelivered": false,
                "data": "eyJ0aW1lb3V0IjowLCJkYXRhIjoiQ1pybWYwR3c4T3Y0YnFMUXhENEUifQ==",
            }]})
        );
    }

    #[test]
    fn what_a_publisher_leaves_unset_is_null() {
        let event = event("q", "/shop", &[delivery(BasicProperties::default(), b"")]);
        let message = &event["rmqMessagesByQueue"]["q::/shop"][0];
        let properties = message["basicProperties"].as_object().unwrap();
        assert_eq!(properties.len(), 15);
        for (name, value) in properties.iter().filter(|(name, _)| *name != "bodySize") {
            assert!(value.is_null(), "{name}");
        }
        assert_eq!(message["data"], "");
    }

    #[test]
    fn headers_beyond_ascii_are_signed_bytes_as_java_has_them() {
        assert_eq!(
            header(&AMQPValue::LongString("é".into())),
            json!({"bytes": [-61, -87]})
        );
        assert_eq!(
            header(&AMQPValue::DecimalValue(DecimalValue {
                scale: 2,
                value: 150
            })),
            json!(1.5)
        );
        assert_eq!(
            header(&AMQPValue::Timestamp(1_700_000_000)),
            json!("Nov 14, 2023, 10:13:20 PM")
        );
    }
}
