//! Spans as a collector reads them: OTLP/HTTP with JSON, `ExportTraceServiceRequest`
//! (opentelemetry-proto; "JSON Protobuf Encoding" of the OTLP specification: ids in hexadecimal,
//! 64-bit numbers as text, enumerations as numbers).

use serde_json::{Value, json};

use crate::trace::layer::TraceSpan;

/// What sends the spans: attributes of OpenTelemetry's resource conventions.
pub(crate) type Resource = Vec<(&'static str, Value)>;

/// The request that hands the spans over.
pub(crate) fn request(resource: &Resource, spans: &[TraceSpan]) -> Vec<u8> {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(resource) },
            "scopeSpans": [{ "scope": { "name": "madrush" }, "spans": spans }],
        }],
    })
    .to_string()
    .into_bytes()
}

fn span(span: &TraceSpan) -> Value {
    let TraceSpan {
        context,
        parent,
        told,
        began,
        ended,
    } = span;
    let mut shown = json!({
        "traceId": format!("{:032x}", context.trace),
        "spanId": format!("{:016x}", context.span),
        "name": told.name,
        "kind": kind(&told.kind),
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes(&told.attributes),
        "flags": 1,
    });
    if let Some(parent) = parent {
        shown["parentSpanId"] = format!("{parent:016x}").into();
    }
    if told.failed {
        shown["status"] = json!({ "code": 2 });
    }
    shown
}

/// `SpanKind` of opentelemetry.proto.trace.v1.
fn kind(word: &str) -> u8 {
    match word {
        "server" => 2,
        "client" => 3,
        "producer" => 4,
        "consumer" => 5,
        _ => 1,
    }
}

fn attributes(attributes: &[(&'static str, Value)]) -> Vec<Value> {
    let attributes = attributes.iter();
    attributes
        .map(|(name, value)| json!({ "key": name, "value": any_value(value) }))
        .collect()
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            json!({ "stringValue": value.to_string() })
        }
    }
}
