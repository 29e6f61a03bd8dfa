//! The spans of the shop as a trace has them.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::trace::collector::Collector;
use crate::trace::context::TraceParent;

/// Which part of the traces that begin here is recorded (`OTEL_TRACES_SAMPLER_ARG`); a trace that was
/// begun elsewhere is recorded if it was there (`parentbased_traceidratio`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    /// Of 2^63, as OpenTelemetry's SDKs compare it with the trace's lower 63 bits.
    below: u64,
}

impl Ratio {
    /// All or nothing outside of 0 to 1.
    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 2^63, between 0 and 2^63"
    )]
    pub(crate) fn of(part: f64) -> Self {
        let whole = 9_223_372_036_854_775_808.0;
        Self {
            below: (part.clamp(0.0, 1.0) * whole) as u64,
        }
    }

    fn takes(self, trace: u128) -> bool {
        let bytes = trace.to_be_bytes();
        let lower = bytes
            .last_chunk::<8>()
            .map_or(0, |last| u64::from_be_bytes(*last));
        lower >> 1 < self.below
    }
}

/// A span, as far as its trace is concerned.
#[derive(Debug)]
pub(crate) struct TraceSpan {
    pub(crate) context: TraceParent,
    pub(crate) parent: Option<u64>,
    pub(crate) told: Told,
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

/// What a span's author has told of it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) failed: bool,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    remote: Option<TraceParent>,
}

struct TraceLayer {
    ratio: Ratio,
    collector: Arc<Collector>,
}

/// The layer that hands the spans of recorded traces to `collector`.
pub(crate) fn layer<S>(ratio: Ratio, collector: Arc<Collector>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let ours = filter_fn(is_of_a_trace).with_max_level_hint(LevelFilter::INFO);
    TraceLayer { ratio, collector }.with_filter(ours)
}

fn is_of_a_trace(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && *metadata.level() <= Level::INFO
        && metadata.fields().field("otel.kind").is_some()
}

/// The nearest span of a trace, this one or around it.
pub(crate) fn context<'a, R: LookupSpan<'a>>(span: SpanRef<'a, R>) -> Option<TraceParent> {
    let contexts = span.scope().map(|span| {
        let extensions = span.extensions();
        extensions.get::<TraceSpan>().map(|span| span.context)
    });
    contexts.flatten().next()
}

impl<S> Layer<S> for TraceLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let mut told = Told {
            name: attributes.metadata().name().to_owned(),
            ..Told::default()
        };
        attributes.record(&mut told);
        let around = span.parent().and_then(context);
        let parent = told.remote.or(around);
        let context = match parent {
            Some(parent) => parent.child(),
            None => TraceParent::root(|trace| self.ratio.takes(trace)),
        };
        let Some(context) = context else { return };
        let parent = parent.map(|parent| parent.span);
        let began = now();
        span.extensions_mut().insert(TraceSpan {
            context,
            parent,
            told,
            began,
            ended: began,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        if let Some(span) = span.extensions_mut().get_mut::<TraceSpan>() {
            values.record(&mut span.told);
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(&id) else { return };
        let ended = span.extensions_mut().remove::<TraceSpan>();
        if let Some(mut span) = ended.filter(|span| span.context.sampled) {
            span.ended = now();
            self.collector.keep(span);
        }
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.unwrap_or_default().as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

impl Told {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match (name, value.as_str()) {
            ("otel.name", Some(text)) => text.clone_into(&mut self.name),
            ("otel.kind", Some(text)) => text.clone_into(&mut self.kind),
            ("otel.parent", Some(text)) => self.remote = text.parse().ok(),
            ("otel.status_code", Some(text)) => self.failed = text == "error",
            _ if name.contains('.') => self.attribute(name, value),
            _ => self.attribute(shops_own(name), value),
        }
    }

    fn attribute(&mut self, name: &'static str, value: Value) {
        if name.is_empty() {
            return;
        }
        self.attributes.retain(|(present, _)| *present != name);
        self.attributes.push((name, value));
    }
}

/// The attributes' names of the log's fields that a trace is looked for by; others are the log's.
fn shops_own(field: &str) -> &'static str {
    match field {
        "request_id" => "madrush.request.id",
        "correlation_id" => "madrush.correlation.id",
        "order" => "madrush.order.id",
        "order_number" => "madrush.order.number",
        "attempt" => "madrush.message.attempt",
        _ => "",
    }
}

impl Visit for Told {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}
