//! What is switched on, and the end of an invocation.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use settings::Env;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log;
use crate::recorder::Emf;
use crate::trace::{self, Collector, Endpoint, Ratio};

/// What is written or sent at the end of an invocation.
#[derive(Debug, Default)]
struct Outlet {
    metrics: Option<&'static Emf>,
    traces: Option<Arc<Collector>>,
}

static OUTLET: OnceLock<Outlet> = OnceLock::new();

/// Starts the log, and metrics and traces where the settings ask for them. Starting twice does
/// nothing.
///
/// - `LOG_LEVEL`: `error`, `warn`, `info` (the default), `debug`, `trace`, or a list such as
///   `info,sqlx=debug`.
/// - `METRICS`: `emf` or `none` (the default).
/// - `OTEL_EXPORTER_OTLP_ENDPOINT`: a collector's address, `http://localhost:4318`; absent, there are
///   no traces. `OTEL_TRACES_SAMPLER_ARG`: which part of the traces is recorded, 0 to 1 (the default).
pub fn start(env: &mut Env) {
    let levels = env.parsed_or("LOG_LEVEL", log::usual_levels());
    let emf = measures(env);
    let collector = collector(env).map(Arc::new);
    let ratio = Ratio::of(env.parsed_or("OTEL_TRACES_SAMPLER_ARG", 1.0));
    let traces = collector.clone().map(|to| trace::layer(ratio, to));
    let started = tracing_subscriber::registry()
        .with(log::layer(levels, std::io::stdout))
        .with(traces)
        .try_init();
    if started.is_ok() {
        let metrics = emf.then(record);
        OUTLET.get_or_init(|| Outlet {
            metrics: metrics.flatten(),
            traces: collector,
        });
    }
}

fn measures(env: &mut Env) -> bool {
    match env.or("METRICS", "none").as_str() {
        "emf" => true,
        "none" => false,
        _ => {
            env.problem("METRICS", "must be emf or none");
            false
        }
    }
}

/// One for the process, which lives as long as it does.
fn record() -> Option<&'static Emf> {
    let emf: &'static Emf = Box::leak(Box::default());
    metrics::set_global_recorder(emf).is_ok().then_some(emf)
}

fn collector(env: &mut Env) -> Option<Collector> {
    let address = env.optional("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let endpoint = Endpoint::parse(&address);
    if endpoint.is_none() {
        let must = "must be http://host:port: a collector on localhost, spoken to without TLS";
        env.problem("OTEL_EXPORTER_OTLP_ENDPOINT", must);
    }
    Some(Collector::new(endpoint?, resource()))
}

/// Who sends the spans. Lambda sets these variables itself, so they are nobody's settings.
fn resource() -> Vec<(&'static str, Value)> {
    let named = settings::read(|env| {
        let mut named = vec![
            ("cloud.provider", Value::from("aws")),
            ("cloud.platform", Value::from("aws_lambda")),
        ];
        let mut add = |attribute, value: Option<String>| {
            named.extend(value.map(|value| (attribute, Value::from(value))));
        };
        let name = env.or("AWS_LAMBDA_FUNCTION_NAME", "madrush");
        add("service.name", Some(name.clone()));
        add("faas.name", Some(name));
        add("faas.version", env.optional("AWS_LAMBDA_FUNCTION_VERSION"));
        add("faas.instance", env.optional("AWS_LAMBDA_LOG_STREAM_NAME"));
        add("cloud.region", env.optional("AWS_REGION"));
        let megabytes = env.parsed_or("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0_u64);
        let bytes = megabytes.saturating_mul(1024 * 1024);
        named.extend((bytes > 0).then(|| ("faas.max_memory", Value::from(bytes))));
        named
    });
    named.unwrap_or_default()
}

/// The end of an invocation, before its answer goes out (afterwards the function is frozen): writes
/// what was measured and sends the spans, in at most [`EXPORT_LIMIT`](crate::EXPORT_LIMIT). The spans
/// of the invocation must have ended.
pub async fn finish() {
    if let Some(metrics) = OUTLET.get().and_then(|outlet| outlet.metrics) {
        write(metrics);
    }
    send_spans().await;
}

/// Sends the spans that have ended; for an invocation that lasts, between two pieces of its work.
pub async fn send_spans() {
    if let Some(traces) = OUTLET.get().and_then(|outlet| outlet.traces.as_ref()) {
        traces.send().await;
    }
}

/// Each line whole, by one call: others write to the same output.
fn write(metrics: &Emf) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default();
    let mut output = std::io::stdout().lock();
    for mut line in metrics.drain(now) {
        line.push('\n');
        // A log that cannot be written to is nobody's to be told of.
        drop(output.write_all(line.as_bytes()));
    }
}
