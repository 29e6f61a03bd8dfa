//! Log lines.
//!
//! CloudWatch adds the time; `request_id`, `correlation_id` and the like come from the span of the
//! request or message being worked.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{FilterFn, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::trace::TRACE_ONLY;

/// What is logged where nothing is said.
pub(crate) fn usual_levels() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}

/// The layer that writes lines to `writer`.
pub(crate) fn layer<S, W>(levels: Targets, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .fmt_fields(LogFields)
        .without_time()
        .with_writer(writer)
        .with_filter(filter(levels))
}

/// Which events are written, and whose fields stand beside them: a quiet log names its request too,
/// so the levels are for events, and every span of the shop counts.
fn filter(levels: Targets) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    // lapin warns of a returned message with its whole body, which is nobody's to read in a log.
    let levels = levels.with_target("lapin", LevelFilter::ERROR);
    let loudest = levels
        .iter()
        .map(|(_, level)| level)
        .chain(levels.default_level())
        .max()
        .unwrap_or(LevelFilter::INFO)
        .max(LevelFilter::INFO);
    filter_fn(move |metadata| {
        if metadata.is_span() {
            return metadata.target() != TRACE_ONLY && *metadata.level() <= Level::INFO;
        }
        levels.would_enable(metadata.target(), metadata.level())
    })
    .with_max_level_hint(loudest)
}

/// A span's fields as a log line shows them: all but those with a dot, which are a trace's.
pub(crate) struct LogFields;

impl<'writer> FormatFields<'writer> for LogFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut shown = Shown::default();
        fields.record(&mut shown);
        write!(writer, "{}", Value::Object(shown.0))
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let mut added = Shown::default();
        fields.record(&mut added);
        if added.0.is_empty() {
            return Ok(());
        }
        let mut all: Map<String, Value> =
            serde_json::from_str(&current.fields).map_err(|_| fmt::Error)?;
        all.extend(added.0);
        current.fields = Value::Object(all).to_string();
        Ok(())
    }
}

#[derive(Default)]
struct Shown(Map<String, Value>);

impl Shown {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let name = field.name();
        if is_shown(field) {
            let name = name.strip_prefix("r#").unwrap_or(name);
            self.0.insert(name.to_owned(), value.into());
        }
    }
}

fn is_shown(field: &Field) -> bool {
    !field.name().contains('.')
}

impl Visit for Shown {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if is_shown(field) {
            self.put(field, format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is written while `work` runs, line by line.
    fn logged(levels: Targets, work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry().with(layer(levels, lines.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_its_requests_fields_and_none_of_the_traces() {
        let lines = logged(usual_levels(), || {
            let span = tracing::info_span!(
                "request",
                request_id = "r-1",
                order = tracing::field::Empty,
                otel.kind = "server",
                url.path = "/api/orders",
                http.response.status_code = tracing::field::Empty,
            );
            let _entered = span.enter();
            tracing::info!(status = 201, "before");
            span.record("order", "MR-7K4Q-9TXD");
            span.record("http.response.status_code", 201);
            let call = tracing::info_span!(target: TRACE_ONLY, "call", otel.kind = "client");
            call.in_scope(|| tracing::warn!("inside a call"));
        });
        assert_eq!(
            lines[0]["span"],
            serde_json::json!({"name": "request", "request_id": "r-1"})
        );
        let span =
            serde_json::json!({"name": "request", "request_id": "r-1", "order": "MR-7K4Q-9TXD"});
        assert_eq!(lines[1]["span"], span);
        assert_eq!(
            (&lines[1]["message"], lines.len()),
            (&Value::from("inside a call"), 2)
        );
    }

    #[test]
    fn a_quiet_log_still_names_the_request() {
        let quiet = Targets::new().with_default(LevelFilter::ERROR);
        let lines = logged(quiet, || {
            let span = tracing::info_span!("request", request_id = "r-2", r#type = "order.placed");
            span.in_scope(|| {
                tracing::info!("not written");
                tracing::error!("written");
            });
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["span"]["request_id"], "r-2");
        assert_eq!(lines[0]["span"]["type"], "order.placed");
    }

    #[test]
    fn a_message_returned_to_lapin_is_in_no_line() {
        let lines = logged(usual_levels(), || {
            tracing::warn!(target: "lapin::returned_messages", "the whole body");
        });
        assert!(lines.is_empty(), "{lines:?}");
    }
}
