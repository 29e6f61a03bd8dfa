//! `POST /api/webhooks/paystack`: keeps what the provider tells us and answers at once.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use database::{Database, outbox};
use domain::{Cause, Clock, Event};
use edge::{Problem, ProblemBody, RawBody, RequestId, StartError};
use http::{HeaderMap, StatusCode};
use payments::{WebhookFact, receive};
use paystack::{WebhookKeys, WebhookVerifier};
use sealing::Sealer;
use serde_json::json;
use utoipa::OpenApi;

#[derive(Clone)]
struct App {
    database: Database,
    verifier: std::sync::Arc<WebhookVerifier>,
    sealer: Sealer,
    clock: Clock,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (database, sealer) = (Database::read(env), Sealer::read(env));
        let keys = WebhookKeys::read(env);
        let app = App {
            database: database?,
            verifier: std::sync::Arc::new(WebhookVerifier::new(&keys)),
            sealer: sealer?,
            clock: Clock::system(),
        };
        Some(
            Router::new()
                .route("/api/webhooks/paystack", post(handle))
                .with_state(app),
        )
    })
    .await
}

/// What the provider tells us
///
/// Signed with HMAC-SHA512 over the body. The fact is kept and announced in one transaction, and
/// answered; what it means is found by asking the provider, later. The same fact told again is
/// counted and answered just so.
#[utoipa::path(
    post, path = "/api/webhooks/paystack", tag = "payments", operation_id = "paystack-webhook",
    params(("x-paystack-signature" = String, Header, description = "Hex HMAC-SHA512 of the body")),
    security(("paystack_signature" = [])),
    request_body(content = Object, description = "`{\"event\", \"data\"}`, as Paystack sends it"),
    responses(
        (status = 200, description = "Kept", body = Object),
        (status = "4XX", description = "Not signed by the provider; nothing was kept", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Come again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(app): State<App>,
    request: RequestId,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let signature = headers
        .get("x-paystack-signature")
        .and_then(|value| value.to_str().ok());
    let signed = signature.is_some_and(|given| app.verifier.verify(&body, given).is_ok());
    if !signed {
        metrics::counter!(telemetry::metric::WEBHOOKS_REFUSED).increment(1);
        return Err(unsigned());
    }
    let event = paystack::Event::parse(&body).map_err(|_| malformed())?;
    let fact = WebhookFact {
        event: event.event.chars().take(100).collect(),
        key: event.key().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let cause = Cause::new(app.clock.now(), "paystack-webhook", request.as_str());

    let mut tx = app.database.begin().await?;
    if let Some(webhook_id) = receive(&mut tx, &cause, &app.sealer, &fact).await? {
        let event = Event::PaystackEvent { webhook_id };
        outbox::announce(&mut tx, cause.at, &cause.correlation_id, &[event.into()]).await?;
    }
    tx.commit().await?;

    Ok(edge::ok(&json!({})))
}

fn unsigned() -> Problem {
    let detail = "This address takes messages that Paystack has signed.";
    Problem::new(StatusCode::UNAUTHORIZED, "bad_signature", detail)
}

fn malformed() -> Problem {
    let detail = "The signed body is no event.";
    Problem::new(StatusCode::BAD_REQUEST, "malformed_event", detail)
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
