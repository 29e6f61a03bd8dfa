//! Calls to outside systems.

use std::time::Instant;

use tracing::Instrument as _;

use crate::metric;
use crate::trace::TRACE_ONLY;

/// Makes a call to an outside system: measures how long it takes, counts it as an error where
/// `failed` says that the system could not serve us (a refusal of what was asked is an answer, not an
/// error), and shows it in the trace. `provider` and `operation` are words of the code.
///
/// # Errors
/// Those of the call.
pub async fn call<T, E>(
    provider: &'static str,
    operation: &'static str,
    failed: impl Fn(&E) -> bool,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!(
        target: TRACE_ONLY,
        "call",
        otel.kind = "client",
        otel.name = format_args!("{provider} {operation}"),
        peer.service = provider,
        otel.status_code = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
    );
    let began = Instant::now();
    let answer = call.instrument(span.clone()).await;
    let latency = metrics::histogram!(metric::PROVIDER_LATENCY_MS, "provider" => provider);
    latency.record(milliseconds(began));
    if answer.as_ref().is_err_and(failed) {
        metrics::counter!(metric::PROVIDER_ERRORS, "provider" => provider).increment(1);
        span.record("otel.status_code", "error");
        span.record("error.type", "unavailable");
    }
    answer
}

/// Whole ones: what crosses a network is not told apart more finely.
fn milliseconds(began: Instant) -> f64 {
    let whole = began.elapsed().as_millis();
    f64::from(u32::try_from(whole).unwrap_or(u32::MAX))
}
