//! The collector: an extension beside the function, on localhost, over plain HTTP.
//!
//! It is asked over a connection of its own each time: between two invocations both may have been
//! frozen, and connecting to localhost costs less than finding out about a dead connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::trace::EXPORT_LIMIT;
use crate::trace::layer::TraceSpan;
use crate::trace::otlp::{self, Resource};

/// How many spans wait at most; beyond that the newest are left out.
const KEPT: usize = 2_048;
/// How long a collector that has failed is left alone, so that one that hangs costs its limit now
/// and then, and not each invocation.
const REST: Duration = Duration::from_secs(10);

/// Where the collector listens: `OTEL_EXPORTER_OTLP_ENDPOINT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    authority: Authority,
    path: String,
}

/// The spans that wait, and where they go.
#[derive(Debug)]
pub(crate) struct Collector {
    endpoint: Endpoint,
    resource: Resource,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spans: Vec<TraceSpan>,
    left_out: usize,
    resting_until: Option<Instant>,
    is_away: bool,
}

/// Why spans were lost.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] std::io::Error),
    #[error("the connection to it failed: {0}")]
    Broken(#[from] hyper::Error),
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("it did not answer within {} ms", EXPORT_LIMIT.as_millis())]
    Silent,
    #[error("it cannot be asked: {0}")]
    Request(#[from] http::Error),
}

impl Endpoint {
    /// Reads the base address; `/v1/traces` is appended, as the OTLP exporter's specification says.
    /// None for an address that is not plain HTTP: a collector elsewhere is the extension's to reach.
    pub(crate) fn parse(address: &str) -> Option<Self> {
        let address: Uri = address.parse().ok()?;
        let authority = address.authority()?.clone();
        let path = format!("{}/v1/traces", address.path().trim_end_matches('/'));
        let plain = address.scheme() == Some(&Scheme::HTTP) && address.query().is_none();
        plain.then_some(Self { authority, path })
    }
}

impl Collector {
    pub(crate) fn new(endpoint: Endpoint, resource: Resource) -> Self {
        Self {
            endpoint,
            resource,
            state: Mutex::default(),
        }
    }

    /// Keeps a span that has ended until it is sent.
    pub(crate) fn keep(&self, span: TraceSpan) {
        let mut state = self.state();
        if state.spans.len() < KEPT {
            state.spans.push(span);
        } else {
            state.left_out += 1;
        }
    }

    /// Sends what waits, in at most [`EXPORT_LIMIT`]. What cannot be sent is lost, with one warning
    /// until the collector is back.
    pub(crate) async fn send(&self) {
        let Some(spans) = self.take() else { return };
        let sent = timeout(EXPORT_LIMIT, self.post(&spans)).await;
        self.note(&sent.unwrap_or(Err(Lost::Silent)), spans.len());
    }

    /// What is to be sent now, if anything.
    fn take(&self) -> Option<Vec<TraceSpan>> {
        let mut state = self.state();
        let spans = std::mem::take(&mut state.spans);
        let rests = state
            .resting_until
            .is_some_and(|until| Instant::now() < until);
        (!spans.is_empty() && !rests).then_some(spans)
    }

    async fn post(&self, spans: &[TraceSpan]) -> Result<(), Lost> {
        let Endpoint { authority, path } = &self.endpoint;
        let address = (authority.host(), authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let request = Request::post(path)
            .header(header::HOST, authority.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::<Bytes>::from(otlp::request(&self.resource, spans)))?;
        // The connection is driven here and not in a task: it ends with this future, whenever that is.
        let mut connection = std::pin::pin!(connection);
        let mut asking = std::pin::pin!(sender.send_request(request));
        let answer = tokio::select! {
            answer = &mut asking => answer?,
            ended = &mut connection => {
                ended?;
                asking.await?
            }
        };
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Lost::Status(status)),
        }
    }

    fn note(&self, sent: &Result<(), Lost>, spans: usize) {
        let mut state = self.state();
        let left_out = std::mem::take(&mut state.left_out);
        let was_away = state.is_away;
        state.is_away = sent.is_err();
        state.resting_until = sent.is_err().then(|| Instant::now() + REST);
        drop(state);
        match sent {
            Ok(()) if left_out > 0 => {
                tracing::warn!(left_out, "more spans than are kept between two sendings");
            }
            Ok(()) => {}
            Err(error) if !was_away => {
                tracing::warn!(%error, spans, "the collector of traces does not take spans; they are lost");
            }
            Err(_) => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
