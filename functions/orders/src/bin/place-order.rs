//! `POST /api/orders`: places an order.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use checkout::{Claim, Opening, PlaceOrderError, open_payment, place, price};
use database::idempotency::{Begun, IdempotencyError, IdempotencyKey, look_up};
use domain::{Cause, Fault, OrderId};
use edge::{
    FieldError, IdempotencyHeader, Json, Problem, ProblemBody, RequestId, StartError, hash_of,
};
use orders_functions::{OrderBody, PlacedBody};
use payments_functions::{PaymentBody, Till, answer_once, give};
use telemetry::metric;
use tracing::Span;
use tracing::field::display;
use utoipa::OpenApi;

#[path = "place-order/body.rs"]
mod body;

use body::PlaceOrderBody;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let till = Till::read(env)?;
        Some(
            Router::new()
                .route("/api/orders", post(handle))
                .with_state(till),
        )
    })
    .await
}

/// Place an order
///
/// Prices the items, reserves their stock and begins the payment. The order is committed before this
/// answers; a payment provider that is slow does not lose it. Send `expected_total` to be refused
/// (409 `price_changed`) rather than charged another price than the customer saw.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "place-order",
    params(("Idempotency-Key" = String, Header, description = "The same for every try of this request; kept for 24 hours")),
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "Placed", body = PlacedBody),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again with the same key", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(till): State<Till>,
    request: RequestId,
    IdempotencyHeader(key): IdempotencyHeader,
    Json { value: body, bytes }: Json<PlaceOrderBody>,
) -> Result<Response, Problem> {
    let wish = body.check()?;
    let shop = &till.shop;
    let caller = shop
        .sealer
        .index("idempotency.caller", &wish.customer.email.canonical());
    let key = IdempotencyKey {
        scope: format!("POST /api/orders {}", hex(&caller)),
        key,
        request_hash: hash_of(&bytes),
    };
    let cause = Cause::new(shop.clock.now(), "place-order", request.as_str());

    let (priced, before) = {
        let mut connection = shop.database.connection().await?;
        match look_up(&mut connection, &key).await? {
            Begun::New => {
                let order = price(&mut connection, cause.at, &shop.terms, &wish).await;
                (Some(order.map_err(problem)?), Begun::New)
            }
            before @ (Begun::Unanswered(_) | Begun::Answered(..)) => (None, before),
        }
    };

    let begun = match &priced {
        None => before,
        Some(order) => {
            let mut tx = shop.database.begin().await?;
            let begun = place(&mut tx, &cause, &shop.sealer, &key, order)
                .await
                .map_err(problem)?;
            tx.commit().await?;
            if begun == Begun::New {
                metrics::counter!(metric::ORDERS_PLACED).increment(1);
            }
            begun
        }
    };

    match (begun, priced) {
        (Begun::Answered(order, answer), _) => {
            Ok(give(answer, |body| with_token(&till, body, order.into())))
        }
        (Begun::New, Some(order)) => {
            Span::current().record("order_number", display(&order.number));
            answer(&till, &cause, &key, order.id, Claim::Held).await
        }
        (Begun::New, None) => Err(in_flight()),
        (Begun::Unanswered(order), _) => {
            answer(&till, &cause, &key, order.into(), Claim::Take).await
        }
    }
}

/// Opens the order's first payment and answers. Also brings a request to its end that was interrupted
/// after its commit.
async fn answer(
    till: &Till,
    cause: &Cause,
    key: &IdempotencyKey,
    order: OrderId,
    claim: Claim,
) -> Result<Response, Problem> {
    Span::current().record("order", display(order));
    let database = &till.shop.database;
    let first = payments::of_order(&mut *database.connection().await?, order).await?;
    if let Some(attempt) = first.first() {
        match open_payment(&till.shop, cause, &attempt.reference, claim).await {
            Ok(Opening::Busy(_)) => return Err(in_flight()),
            Ok(Opening::Opened(_) | Opening::Already(_) | Opening::Replaced(_)) => {}
            // The order stands; process-order opens the payment and mails the link.
            Err(error) => {
                tracing::warn!(error = domain::chain(&error), "the payment is not open yet")
            }
        }
    }
    let body = {
        let mut connection = database.connection().await?;
        let payment = payments::latest(&mut connection, order).await?;
        PlacedBody {
            order: OrderBody::from(&orders::summary(&mut connection, order).await?),
            payment: payment.as_ref().map(PaymentBody::from),
            access_token: String::new(),
        }
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    Ok(answer_once(database, key, body, |body| with_token(till, body, order)).await?)
}

/// The first request with this key is being worked by somebody else.
fn in_flight() -> Problem {
    Problem::from(IdempotencyError::InFlight).retry_after(1)
}

/// The stored answer with the order's token as its last field: derived, never stored.
fn with_token(till: &Till, mut body: String, order: OrderId) -> String {
    let token = till.access.token(order);
    if body.ends_with('}') {
        body.pop();
        body.push_str(&format!(",\"access_token\":\"{token}\"}}"));
    }
    body
}

/// Says where in the request a refusal has its reason.
fn problem(error: PlaceOrderError) -> Problem {
    let at = |pointer: String, detail: String| FieldError {
        pointer,
        code: error.code().into(),
        detail,
    };
    let errors = match &error {
        PlaceOrderError::NotForSale(places) => places
            .iter()
            .map(|place| {
                at(
                    format!("/items/{place}/variant_id"),
                    "is not for sale".to_owned(),
                )
            })
            .collect(),
        PlaceOrderError::OutOfStock(short) => short
            .iter()
            .map(|(place, short)| {
                let detail = format!(
                    "{} were asked for, {} are left",
                    short.requested, short.available
                );
                at(format!("/items/{place}/quantity"), detail)
            })
            .collect(),
        PlaceOrderError::PriceChanged { .. } => {
            vec![at("/expected_total".to_owned(), error.to_string())]
        }
        PlaceOrderError::NoPayOnDelivery => {
            vec![at("/payment/channel".to_owned(), error.to_string())]
        }
        PlaceOrderError::TooMuch(_)
        | PlaceOrderError::Key(_)
        | PlaceOrderError::Money(_)
        | PlaceOrderError::Order(_)
        | PlaceOrderError::Database(_) => Vec::new(),
    };
    Problem::from(error).with_errors(errors)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(PlacedBody, ProblemBody)))]
struct Api;
