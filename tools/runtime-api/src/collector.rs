//! A stand-in of an OpenTelemetry collector, as an extension beside a function.
//!
//! Path and shapes: OTLP/HTTP with JSON (opentelemetry-proto, `ExportTraceServiceRequest`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::background::Serving;

/// The collector: one that a test can read, and let hang or fail. It listens until it is dropped.
pub struct Collector {
    shared: Arc<Mutex<Shared>>,
    serving: Serving,
}

#[derive(Default)]
struct Shared {
    spans: Vec<CollectedSpan>,
    asked: usize,
    temper: Temper,
}

/// How the collector answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Temper {
    /// It takes everything.
    #[default]
    Takes,
    /// It never answers.
    Hangs,
    /// It answers 500.
    Fails,
}

/// A span as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectedSpan {
    /// Who sent it: the resource's `service.name`.
    pub service: String,
    /// The trace, 32 hexadecimal digits.
    pub trace: String,
    /// The span, 16 hexadecimal digits.
    pub id: String,
    /// The span above it, if any.
    pub parent: Option<String>,
    /// Its name.
    pub name: String,
    /// OTLP's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: u64,
    /// Whether it says that it failed.
    pub failed: bool,
    /// How long it took.
    pub duration: Duration,
    /// Its attributes, each as text.
    pub attributes: BTreeMap<String, String>,
}

impl CollectedSpan {
    /// The one span of a name.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[must_use]
    pub fn named<'a>(spans: &'a [Self], name: &str) -> &'a Self {
        let mut found = spans.iter().filter(|span| span.name == name);
        let span = found
            .next()
            .unwrap_or_else(|| panic!("no {name} in {spans:#?}"));
        assert!(found.next().is_none(), "several {name}");
        span
    }
}

impl Collector {
    /// Begins to listen, on a free port of the loopback interface.
    ///
    /// # Panics
    /// Where there is no free port.
    #[must_use]
    pub fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&shared));
        Self {
            shared,
            serving: Serving::start(router),
        }
    }

    /// Its address, for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// From now on answers so.
    pub fn behave(&self, temper: Temper) {
        lock(&self.shared).temper = temper;
    }

    /// How many requests have come.
    #[must_use]
    pub fn asked(&self) -> usize {
        lock(&self.shared).asked
    }

    /// What it has taken so far.
    #[must_use]
    pub fn spans(&self) -> Vec<CollectedSpan> {
        lock(&self.shared).spans.clone()
    }

    /// Waits until a span that fits has come, and answers all that have.
    ///
    /// # Panics
    /// When none has after a minute, with what there is.
    pub async fn wait_for(&self, fits: impl Fn(&CollectedSpan) -> bool) -> Vec<CollectedSpan> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let spans = self.spans();
            if spans.iter().any(&fits) {
                return spans;
            }
            assert!(Instant::now() < until, "no such span among {spans:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn take(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let temper = {
        let mut shared = lock(&shared);
        shared.asked += 1;
        shared.temper
    };
    match temper {
        Temper::Hangs => std::future::pending().await,
        Temper::Fails => StatusCode::INTERNAL_SERVER_ERROR,
        Temper::Takes => {
            let is_json = headers
                .get("content-type")
                .is_some_and(|kind| kind == "application/json");
            let Some(spans) = serde_json::from_str(&body).ok().and_then(|it| read(&it)) else {
                return StatusCode::BAD_REQUEST;
            };
            lock(&shared).spans.extend(spans);
            if is_json {
                StatusCode::OK
            } else {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
        }
    }
}

/// Strict, as a collector is: what lacks a member or has it in another form is refused whole.
fn read(request: &Value) -> Option<Vec<CollectedSpan>> {
    let mut spans = Vec::new();
    for of_resource in request["resourceSpans"].as_array()? {
        let resource = attributes(&of_resource["resource"])?;
        let service = resource.get("service.name")?;
        for of_scope in of_resource["scopeSpans"].as_array()? {
            for span in of_scope["spans"].as_array()? {
                spans.push(read_span(service, span)?);
            }
        }
    }
    Some(spans)
}

fn read_span(service: &str, span: &Value) -> Option<CollectedSpan> {
    let digits = |name: &str, length: usize| {
        let text = span[name].as_str()?;
        let hex = text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| text.to_owned())
    };
    let nanos = |name: &str| span[name].as_str()?.parse::<u64>().ok();
    let began = nanos("startTimeUnixNano")?;
    Some(CollectedSpan {
        service: service.to_owned(),
        trace: digits("traceId", 32)?,
        id: digits("spanId", 16)?,
        parent: match span.get("parentSpanId") {
            None => None,
            Some(_) => Some(digits("parentSpanId", 16)?),
        },
        name: span["name"]
            .as_str()
            .filter(|name| !name.is_empty())?
            .to_owned(),
        kind: span["kind"]
            .as_u64()
            .filter(|kind| (1..=5).contains(kind))?,
        failed: span["status"]["code"] == 2,
        duration: Duration::from_nanos(nanos("endTimeUnixNano")?.checked_sub(began)?),
        attributes: attributes(span)?,
    })
}

fn attributes(of: &Value) -> Option<BTreeMap<String, String>> {
    let attributes = of["attributes"].as_array()?.iter();
    attributes
        .map(|attribute| {
            let value = &attribute["value"];
            let text = value["stringValue"]
                .as_str()
                .or_else(|| value["intValue"].as_str())
                .map(ToOwned::to_owned)
                .or_else(|| value["boolValue"].as_bool().map(|truth| truth.to_string()))
                .or_else(|| {
                    value["doubleValue"]
                        .as_f64()
                        .map(|number| number.to_string())
                })?;
            Some((attribute["key"].as_str()?.to_owned(), text))
        })
        .collect()
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
