//! The shop's address: API Gateway, and Lambda's Invoke API for event sources and schedules.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use runtime_api::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::provenance::Provenance;
use crate::record::Record;
use crate::traffic::Traffic;

/// Which version answered; only a rehearsal tells its clients.
pub(crate) const VERSION: &str = "x-rehearsal-version";

/// What the front hands events to, and what it notes.
#[derive(Clone)]
pub(crate) struct Behind {
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) provenance: Arc<Provenance>,
    pub(crate) record: Arc<Record>,
}

/// The listening front. Dropping it closes it.
pub(crate) struct Front {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Front {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where none is free.
    pub(crate) async fn open(behind: Behind) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("no free port")?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invocation))
            .fallback(request)
            // A batch of messages is up to 6 MB.
            .layer(axum::extract::DefaultBodyLimit::max(7 * 1024 * 1024))
            .with_state(behind);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the front ended");
            }
        });
        Ok(Self { address, serving })
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An event source or a schedule invokes a function. What it does not answer well is a failure: the
/// event source would return the batch.
async fn invocation(
    State(behind): State<Behind>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let event: Value = match serde_json::from_slice(&body) {
        Ok(event) => event,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let Some(served) = behind.traffic.invoke(&name, &event).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match served.answer {
        Ok(answer) => {
            behind.provenance.worked(&event, served.side);
            answer.to_string().into_response()
        }
        Err(error) => {
            behind.record.fail(format!(
                "{} {name}: {}",
                served.side,
                first_lines(&error.to_string())
            ));
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        }
    }
}

/// An HTTP request goes to the function of its route, as an event, and comes back.
async fn request(
    State(behind): State<Behind>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let routed =
        verb(&method).and_then(|verb| Some((verb, behind.traffic.route(verb, uri.path())?)));
    let Some((verb, routed)) = routed else {
        return (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response();
    };
    let event = as_event(verb, &uri, &routed.pattern, &headers, body);
    let Some(served) = behind.traffic.invoke(&routed.function, &event).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some(id) = event["requestContext"]["requestId"].as_str() {
        behind.provenance.took(id, served.side);
    }
    let decoded = served
        .answer
        .map_err(|error| error.to_string())
        .and_then(runtime_api::Response::decode);
    let mut response = decoded.and_then(as_http).unwrap_or_else(|problem| {
        // The gateway would say no more than that; a rehearsal tells why.
        let body = json!({ "message": "Internal Server Error", "cause": first_lines(&problem) });
        (StatusCode::BAD_GATEWAY, body.to_string()).into_response()
    });
    if let Ok(side) = served.side.name().parse() {
        response.headers_mut().insert(VERSION, side);
    }
    response
}

fn as_event(
    verb: &'static str,
    uri: &Uri,
    pattern: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Value {
    let target = uri
        .path_and_query()
        .map_or_else(|| uri.path(), |target| target.as_str());
    let mut request = Request::new(verb, target).route(pattern);
    // The host and the length are the gateway's to say.
    let own = ["host", "content-length", "user-agent"];
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
    {
        request = request.header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    if !body.is_empty() {
        request = request.body(body);
    }
    request.event()
}

fn as_http(answer: runtime_api::Response) -> Result<Response, String> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    for cookie in &answer.cookies {
        response = response.header("set-cookie", cookie);
    }
    response
        .body(Body::from(answer.body))
        .map_err(|error| error.to_string())
}

/// The methods that the gateway's routes have.
fn verb(method: &Method) -> Option<&'static str> {
    let verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    verbs.into_iter().find(|verb| *verb == method.as_str())
}

/// A function that has died tells all it printed; here its first and last words are enough.
fn first_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    match lines.as_slice() {
        [first, .., last] => format!("{first} … {last}"),
        _ => text.trim().to_owned(),
    }
}
