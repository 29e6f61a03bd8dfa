//! `GET /api/payments/callback`: where the provider sends the payer's browser; settles, then sends it
//! on to the storefront.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use checkout::{Resources, settle_payment};
use domain::{AttemptStatus, Cause, PaymentReference, PaymentStatus};
use edge::{Problem, ProblemBody, Query, RequestId, StartError};
use http::{HeaderValue, StatusCode, header};
use payments::Attempt;
use url::Url;
use utoipa::OpenApi;

#[derive(Clone)]
struct App {
    shop: Resources,
    storefront: Url,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (shop, storefront) = (Resources::read(env), edge::storefront(env));
        let app = App {
            shop: shop?,
            storefront: storefront?,
        };
        Some(
            Router::new()
                .route("/api/payments/callback", get(handle))
                .with_state(app),
        )
    })
    .await
}

/// Where the provider sends the payer's browser
///
/// The visit proves nothing: the provider is asked. Whatever it answers, the browser goes on to the
/// order's page in the storefront.
#[utoipa::path(
    get, path = "/api/payments/callback", tag = "payments", operation_id = "payment-callback",
    params(
        ("reference" = Option<String>, Query, description = "The attempt's reference"),
        ("trxref" = Option<String>, Query, description = "The same, under the provider's other name"),
    ),
    responses(
        (status = 303, description = "On to the storefront: `/orders/{number}?payment={outcome}`"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(app): State<App>,
    request: RequestId,
    mut query: Query,
) -> Result<Response, Problem> {
    // The provider may add parameters at any time, so unknown ones are let pass here.
    let (reference, other_name) = (query.take("reference"), query.take("trxref"));
    let reference = reference.or(other_name).and_then(|text| text.parse().ok());
    let Some(reference) = reference else {
        return to_storefront(&app, &["orders"], "unknown");
    };
    let cause = Cause::new(app.shop.clock.now(), "payment-callback", request.as_str());

    let Some(attempt) = settled(&app, &cause, &reference).await? else {
        return to_storefront(&app, &["orders"], "unknown");
    };

    let database = &app.shop.database;
    let order = orders::summary(&mut *database.connection().await?, attempt.order).await?;
    to_storefront(
        &app,
        &["orders", order.number.as_str()],
        outcome(attempt.status, order.payment_status),
    )
}

/// The attempt as it stands; a provider that does not answer now leaves it as it was.
async fn settled(
    app: &App,
    cause: &Cause,
    reference: &PaymentReference,
) -> Result<Option<Attempt>, Problem> {
    match settle_payment(&app.shop, cause, reference).await {
        Ok(attempt) => Ok(attempt),
        Err(checkout::SettleError::Provider(error)) => {
            tracing::warn!(
                error = domain::chain(&error),
                "sent on without asking the provider"
            );
            let mut connection = app.shop.database.connection().await?;
            Ok(payments::by_reference(&mut connection, reference).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn to_storefront(app: &App, path: &[&str], payment: &str) -> Result<Response, Problem> {
    let mut address = app.storefront.clone();
    if let Ok(mut segments) = address.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    address.query_pairs_mut().append_pair("payment", payment);
    let location = HeaderValue::from_str(address.as_str()).map_err(|_| Problem::not_found())?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn outcome(status: AttemptStatus, order: PaymentStatus) -> &'static str {
    match status {
        AttemptStatus::Paid if order == PaymentStatus::Underpaid => "underpaid",
        AttemptStatus::Paid => "paid",
        AttemptStatus::Failed => "failed",
        AttemptStatus::Created | AttemptStatus::Open => "pending",
        AttemptStatus::Returning | AttemptStatus::Refunded => "returned",
        AttemptStatus::Unmatched => "review",
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
