//! Logs as JSON lines on standard output, the same for every function.
//!
//! Invariant: a log line has no personal data and no secret. Types that carry either do not print
//! (domain::Email, secrecy::SecretString …), so a line can only have what its author named.
//! CloudWatch adds the time; `request_id` and `correlation_id` come from the span of the request or
//! message being worked.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts the log. `LOG_LEVEL` is `error`, `warn`, `info` (the default), `debug`, `trace`, or a list
/// such as `info,sqlx=debug`. Starting it twice does nothing.
pub fn start(env: &mut settings::Env) {
    let levels = env.parsed_or("LOG_LEVEL", Targets::new().with_default(LevelFilter::INFO));
    // lapin warns of a returned message with its whole body, which is nobody's to read in a log.
    let levels = levels.with_target("lapin", LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .without_time()
        .with_writer(std::io::stdout);
    tracing_subscriber::registry()
        .with(levels)
        .with(lines)
        .try_init()
        .ok();
}
