//! What a function tells about itself: log lines, metrics and traces.
//!
//! **Owns** the form of all three. Logs are JSON lines on standard output. Metrics are CloudWatch's
//! embedded metric format on the same output, if `METRICS` is `emf`; their names, units and
//! dimensions stand once, in [`metric`]. Traces go to an OpenTelemetry collector on localhost, if
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names one; W3C trace context carries them from the request through
//! the outbox to the consumers.
//!
//! **Invariants.** A line, a metric and a span have no personal data and no secret: types that carry
//! either do not print (domain::Email, secrecy::SecretString …), so only what its author named can
//! be in them. What is not switched on costs nothing. Telling never fails a request and never holds
//! it up for more than [`EXPORT_LIMIT`].
//!
//! **Refuses to know** what a metric means to the shop, HTTP handlers, queues and tables.
//!
//! A span that is to be part of a trace has the field `otel.kind` (`server`, `client`, `producer`,
//! `consumer` or `internal`). Its fields with a dot in their names are attributes by OpenTelemetry's
//! semantic conventions and stay out of the log; `otel.name`, `otel.parent` (a W3C `traceparent`) and
//! `otel.status_code` (`error`) say what they say. A span of the target [`TRACE_ONLY`] is in no log
//! line, so that the lines inside it keep the fields of the request around it.

mod log;
pub mod metric;
mod outlet;
mod provider;
mod recorder;
mod trace;

pub use outlet::{finish, send_spans, start};
pub use provider::call;
pub use trace::{
    EXPORT_LIMIT, TRACE_ONLY, TraceParent, from_lambda, trace_parent, trace_parent_of,
};
