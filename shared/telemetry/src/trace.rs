//! Traces: which spans are part of one, and how they get out.

mod collector;
mod context;
mod layer;
mod otlp;

use std::time::Duration;

use tracing::Span;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan as _;

pub(crate) use collector::{Collector, Endpoint};
pub use context::{TraceParent, from_lambda};
pub(crate) use layer::{Ratio, layer};

/// The target of spans that belong to the trace alone and are in no log line.
pub const TRACE_ONLY: &str = "trace";

/// How long sending an invocation's spans may hold its answer up.
pub const EXPORT_LIMIT: Duration = Duration::from_millis(200);

/// The trace context that what is done now hands on; none where there is no trace. One that is not
/// sampled is handed on as well, so that nobody further on begins a trace in the middle.
#[must_use]
pub fn trace_parent() -> Option<String> {
    trace_parent_of(&Span::current())
}

/// The trace context that what is done in a span hands on.
#[must_use]
pub fn trace_parent_of(span: &Span) -> Option<String> {
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        layer::context(registry.span(id)?).map(|context| context.to_string())
    })
    .flatten()
}

#[cfg(test)]
mod tests;
