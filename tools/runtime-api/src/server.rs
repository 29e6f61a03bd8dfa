//! The Runtime API itself, as `lambda_runtime` 1.5 uses it.
//!
//! Paths and headers: AWS, "Using the Lambda runtime API for custom runtimes"; `lambda_runtime`
//! panics without the request id and the deadline, and since 1.4 echoes the invocation id.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::background::Serving;
use crate::function::FunctionError;

/// What a function answered to one event.
pub(crate) type Answer = Result<Value, FunctionError>;

/// An event on its way to the function.
struct Event {
    body: Bytes,
    answer: oneshot::Sender<Answer>,
}

/// The Runtime API of one function instance.
pub(crate) struct Server {
    shared: Arc<Shared>,
    serving: Serving,
}

struct Shared {
    arn: String,
    timeout: Duration,
    started: Instant,
    events: mpsc::UnboundedSender<Event>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    running: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    ready: watch::Sender<Option<Duration>>,
}

impl Server {
    /// Begins to listen, on a free port of the loopback interface.
    pub(crate) fn start(function_name: &str, timeout: Duration) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{function_name}"),
            timeout,
            started: Instant::now(),
            events,
            waiting: tokio::sync::Mutex::new(waiting),
            running: Mutex::default(),
            ready: watch::Sender::new(None),
        });
        let router = router(Arc::clone(&shared));
        Self {
            shared,
            serving: Serving::start(router),
        }
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Queues an event; the receiver gets its answer, or an error when the instance ends first.
    pub(crate) fn offer(&self, event: &Value) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let body = Bytes::from(event.to_string());
        // The receiving half lives as long as this server; a failed send drops `answer`, which the
        // caller sees.
        drop(self.shared.events.send(Event { body, answer }));
        receiver
    }

    /// How long after the start the function first asked for work, once it has.
    pub(crate) fn ready(&self) -> watch::Receiver<Option<Duration>> {
        self.shared.ready.subscribe()
    }

    /// The instance has ended: whoever waits for an answer gets this one, as from Lambda.
    pub(crate) async fn fail_all(&self, error: &FunctionError) {
        for (_, answer) in lock(&self.shared.running).drain() {
            drop(answer.send(Err(error.clone())));
        }
        let mut waiting = self.shared.waiting.lock().await;
        while let Ok(event) = waiting.try_recv() {
            drop(event.answer.send(Err(error.clone())));
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        // Lambda answers are up to 6 MB, its events as well.
        .layer(axum::extract::DefaultBodyLimit::max(7 * 1024 * 1024))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.ready.send_if_modified(|ready| {
        let first = ready.is_none();
        ready.get_or_insert_with(|| shared.started.elapsed());
        first
    });
    let Some(event) = shared.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = uuid::Uuid::new_v4().to_string();
    lock(&shared.running).insert(id.clone(), event.answer);
    let headers = [
        ("lambda-runtime-aws-request-id", id.clone()),
        (
            "lambda-runtime-deadline-ms",
            epoch_ms(shared.timeout).to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", shared.arn.clone()),
        ("lambda-runtime-trace-id", trace_id()),
        ("lambda-runtime-invocation-id", id),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.body).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).map_err(|error| FunctionError {
        error_type: "Runtime.MalformedResponse".to_owned(),
        message: error.to_string(),
    });
    shared.answer(&id, answer)
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    shared.answer(&id, Err(FunctionError::from_body(&body)))
}

/// The environment ends after this; its exit fails the events that wait.
async fn init_error() -> StatusCode {
    StatusCode::ACCEPTED
}

impl Shared {
    fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        match lock(&self.running).remove(id) {
            // The caller may have stopped waiting; the function need not know.
            Some(waiting) => {
                drop(waiting.send(answer));
                StatusCode::ACCEPTED
            }
            None => StatusCode::GONE,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn epoch_ms(from_now: Duration) -> u128 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    (since_epoch + from_now).as_millis()
}

/// An X-Ray trace header: version, seconds since the epoch, 96 bits of identity.
fn trace_id() -> String {
    let seconds = epoch_ms(Duration::ZERO) / 1_000;
    let identity = uuid::Uuid::new_v4().simple().to_string();
    format!(
        "Root=1-{seconds:08x}-{};Parent={};Sampled=0",
        &identity[..24],
        &identity[16..]
    )
}
