//! `GET /api/payments/{reference}`: how an attempt to pay stands; settles it first if it is open.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use checkout::settle_payment;
use domain::{Cause, PaymentReference};
use edge::{Bearer, Problem, ProblemBody, RequestId, StartError};
use payments_functions::{PaymentBody, Till};
use utoipa::OpenApi;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let till = Till::read(env)?;
        Some(
            Router::new()
                .route("/api/payments/{reference}", get(handle))
                .with_state(till),
        )
    })
    .await
}

/// How an attempt to pay stands
///
/// Asks the provider if the attempt is still open, so polling this after the payment page is enough
/// to learn the outcome.
#[utoipa::path(
    get, path = "/api/payments/{reference}", tag = "payments", operation_id = "get-payment",
    params(("reference" = String, Path, description = "The attempt's reference")),
    security(("guest" = [])),
    responses(
        (status = 200, description = "The attempt", body = PaymentBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(till): State<Till>,
    request: RequestId,
    Path(reference): Path<String>,
    bearer: Bearer,
) -> Result<Response, Problem> {
    let reference: PaymentReference = reference.parse()?;
    let found =
        payments::by_reference(&mut *till.shop.database.connection().await?, &reference).await?;
    let attempt = found.filter(|attempt| till.access.opens(attempt.order, &bearer));
    let attempt = attempt.ok_or_else(Problem::not_found)?;

    let cause = Cause::new(till.shop.clock.now(), "get-payment", request.as_str());
    let attempt = match settle_payment(&till.shop, &cause, &reference).await {
        Ok(settled) => settled.unwrap_or(attempt),
        // What is known is still true, and the checks go on.
        Err(checkout::SettleError::Provider(error)) => {
            tracing::warn!(
                error = domain::chain(&error),
                "answered without asking the provider"
            );
            attempt
        }
        Err(error) => return Err(error.into()),
    };

    Ok(edge::ok(&PaymentBody::from(&attempt)))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(PaymentBody, ProblemBody)))]
struct Api;
