//! What surrounds every handler: request id, panics, problem bodies, security headers, one log line.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_http::RequestExt as _;
use tracing::Instrument;
use tracing::field::Empty;

use crate::{Problem, RequestId};

/// The headers that keep a browser from doing anything with an answer but read it (OWASP REST
/// security; reference/reliability.md §2.8).
const SECURITY: [(HeaderName, HeaderValue); 5] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    ),
];

/// Puts the shell around a function's routes.
pub(crate) fn around(routes: Router) -> Router {
    routes
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            let detail = "This address does not know this method.";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(from_fn(shell))
}

async fn shell(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let span = span(&request, &id);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    async {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = finish(answer.unwrap_or_else(|panic| panicked(&*panic)), &id);
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        note(response.status());
        tracing::info!(%method, path, status = response.status().as_u16(), ms, "answered");
        response
    }
    .instrument(span)
    .await
}

/// The request, for the log and (HTTP semantic conventions) for a trace.
///
/// A client's `traceparent` is not asked: a stranger could have every request recorded, or write into
/// another's trace. The trace begins here, or where AWS says that it began.
fn span(request: &Request, id: &RequestId) -> tracing::Span {
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or("", MatchedPath::as_str);
    let context = request.lambda_context_ref();
    let parent = telemetry::from_lambda(context.and_then(|it| it.xray_trace_id.as_deref()));
    tracing::info_span!(
        "request",
        request_id = %id,
        order = Empty,
        order_number = Empty,
        otel.kind = "server",
        otel.name = format_args!("{method} {route}"),
        otel.parent = parent.map(tracing::field::display),
        otel.status_code = Empty,
        "error.type" = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = request.uri().path(),
        url.scheme = "https",
        faas.trigger = "http",
        faas.invocation_id = context.map(|it| it.request_id.as_str()),
    )
}

/// A method that HTTP knows; a span's name must not be a stranger's to choose.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}

fn note(status: StatusCode) {
    let span = tracing::Span::current();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "error");
        span.record("error.type", status.as_str());
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("no words"), "a handler panicked");
    let detail = "Something went wrong on our side. It has been noted.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail).into_response()
}

fn finish(mut response: Response, id: &RequestId) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        log(&problem);
        let body = serde_json::to_vec(&problem.body(id.as_str())).unwrap_or_default();
        *response.body_mut() = Body::from(body);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert("x-request-id", id);
    }
    response
}

fn log(problem: &Problem) {
    let Some(chain) = problem.log_line() else {
        return;
    };
    if problem.status().is_server_error() {
        tracing::error!(code = problem.code(), error = chain, "refused");
    } else {
        tracing::info!(code = problem.code(), error = chain, "refused");
    }
}
