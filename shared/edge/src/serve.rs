//! Running a function that serves HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use lambda_http::{Request, service_fn};
use settings::Env;
use tower::ServiceExt;
use wiring::{StartError, Wiring};

use crate::Problem;
use crate::shell::around;

/// Answers `--openapi` with the function's description, which `cargo dev openapi` collects. In a
/// release build this is nothing, and the description is not linked.
fn described<Description: utoipa::OpenApi>() -> bool {
    if !cfg!(debug_assertions) || std::env::args().nth(1).as_deref() != Some("--openapi") {
        return false;
    }
    #[expect(clippy::print_stdout, reason = "the description is what was asked for")]
    match Description::openapi().to_json() {
        Ok(json) => println!("{json}"),
        Err(error) => println!("{{\"error\": {:?}}}", error.to_string()),
    }
    true
}

/// Serves the routes that `wire` makes of the settings, until Lambda ends the environment.
///
/// `wire` runs at the start, and again when secrets have come late or were rotated; it connects to
/// nothing. It reads *every* setting before it gives up with `None`, so that all that are at fault
/// are named at once. While there are no secrets, every request is a 503.
///
/// A request that was refused (4xx, 5xx) while a credential was refused to us is worked once more if
/// that credential turns out to have been rotated: whatever a client may repeat, this may.
///
/// # Errors
/// [`StartError`].
pub async fn serve<Description: utoipa::OpenApi>(
    wire: impl Fn(&mut Env) -> Option<Router> + Send + Sync + 'static,
) -> Result<(), StartError> {
    if described::<Description>() || wiring::described(&wire) {
        return Ok(());
    }
    let wired = Wiring::start(move |env| wire(env).map(around)).await?;
    run(Arc::new(wired)).await
}

/// The part that is compiled once.
async fn run(wired: Arc<Wiring<Router>>) -> Result<(), StartError> {
    let answer = service_fn(move |request: Request| {
        let wired = Arc::clone(&wired);
        async move { Ok::<_, Infallible>(answer(&wired, request).await) }
    });
    // The process ends when this returns, so the future that holds a transaction is never dropped.
    lambda_http::run(answer).await.map_err(StartError::runtime)
}

async fn answer(wired: &Wiring<Router>, request: Request) -> Response {
    let routes = wired.get().await.unwrap_or_else(|_| unwired());
    let response = ask(routes, request.clone()).await;
    let refused = !response.status().is_success() && !response.status().is_redirection();
    let response = match wired.renewed().await {
        Some(routes) if refused => ask(routes, request).await,
        Some(_) | None => response,
    };
    telemetry::finish().await;
    response
}

async fn ask(routes: Router, request: Request) -> Response {
    let answered: Result<Response, Infallible> = routes.oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

/// What serves while there are no secrets.
fn unwired() -> Router {
    let refusal = any(|| async { Problem::unavailable() });
    around(Router::new().route("/{*path}", refusal))
}

/// Reads `STOREFRONT_URL`, where customers see their orders.
pub fn storefront(env: &mut Env) -> Option<url::Url> {
    let text = env.required("STOREFRONT_URL");
    let address = url::Url::parse(&text)
        .ok()
        .filter(|url| !url.cannot_be_a_base());
    if address.is_none() && !text.is_empty() {
        env.problem("STOREFRONT_URL", "must be an absolute address");
    }
    address
}
