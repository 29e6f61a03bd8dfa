//! Messages being published, as their traces show them.

use lapin::types::{AMQPValue, FieldTable};
use telemetry::{TRACE_ONLY, trace_parent_of};
use tracing::Span;
use tracing::field::Empty;

use crate::Envelope;
use crate::publisher::NotPublished;
use crate::topology::EVENTS;

/// Messages on their way to the broker: each in a span of its own, beneath what announced it, and
/// carrying that span on.
pub(crate) struct Sending {
    pub(crate) messages: Vec<Envelope>,
    spans: Vec<Span>,
}

impl Sending {
    pub(crate) fn of(messages: &[Envelope]) -> Self {
        let spans: Vec<Span> = messages.iter().map(span).collect();
        let messages = messages.iter().zip(&spans).map(carrying);
        Self {
            messages: messages.collect(),
            spans,
        }
    }

    /// The spans end with what the broker said.
    pub(crate) fn ended(self, outcomes: &[Result<(), NotPublished>]) {
        for (span, outcome) in self.spans.iter().zip(outcomes) {
            if let Err(error) = outcome {
                span.record("otel.status_code", "error");
                span.record("error.type", word(error));
            }
        }
    }
}

/// Semantic conventions for RabbitMQ. A message of no trace begins none: it was announced by code
/// that traces nothing.
fn span(message: &Envelope) -> Span {
    let Some(parent) = message.trace_parent.as_deref() else {
        return Span::none();
    };
    tracing::info_span!(
        target: TRACE_ONLY,
        "send",
        otel.kind = "producer",
        otel.name = format_args!("publish {EVENTS}:{}", message.kind),
        otel.parent = parent,
        otel.status_code = Empty,
        "error.type" = Empty,
        messaging.system = "rabbitmq",
        messaging.operation.name = "publish",
        "messaging.operation.type" = "send",
        messaging.destination.name = format_args!("{EVENTS}:{}", message.kind),
        messaging.rabbitmq.destination.routing_key = message.kind,
        messaging.message.id = %message.id,
        messaging.message.conversation_id = message.correlation_id,
    )
}

fn carrying((message, span): (&Envelope, &Span)) -> Envelope {
    let mut message = message.clone();
    // Where the relay traces nothing, what announced the message stays the parent of what follows.
    if let Some(parent) = trace_parent_of(span) {
        message.trace_parent = Some(parent);
    }
    message
}

const fn word(error: &NotPublished) -> &'static str {
    match error {
        NotPublished::Unroutable { .. } => "unroutable",
        NotPublished::Unsendable => "unsendable",
        NotPublished::Refused => "refused",
        NotPublished::Unconfirmed => "unconfirmed",
        NotPublished::Unavailable(_) => "unavailable",
    }
}

/// W3C trace context in the header that tools for AMQP look for.
pub(crate) fn headers(message: &Envelope) -> FieldTable {
    let mut headers = FieldTable::default();
    if let Some(parent) = &message.trace_parent {
        let value = AMQPValue::LongString(parent.as_str().into());
        headers.insert("traceparent".into(), value);
    }
    headers
}
