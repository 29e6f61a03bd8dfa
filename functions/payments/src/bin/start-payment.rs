//! `POST /api/orders/{number}/payments`: begins a further attempt to pay an order.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use checkout::{Claim, StartPayment, open_payment, start_payment};
use database::idempotency::{Begun, IdempotencyError, IdempotencyKey};
use domain::{Cause, Channel, OrderId, OrderNumber, PaymentId, PaymentReference};
use edge::{
    Bearer, Field, FieldErrors, IdempotencyHeader, Json, Problem, ProblemBody, RequestId,
    StartError, Unknown, hash_of,
};
use payments_functions::{PaymentBody, Till, answer_once, give};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let till = Till::read(env)?;
        Some(
            Router::new()
                .route("/api/orders/{number}/payments", post(handle))
                .with_state(till),
        )
    })
    .await
}

/// What can be begun online; the rider's money cannot.
const ONLINE: [Channel; 3] = [Channel::Card, Channel::BankTransfer, Channel::Ussd];

/// Begin a further attempt to pay
///
/// For an order that still waits for money: after an abandoned page, or on another channel. The
/// attempt has a reference of its own; whatever is paid on an earlier one still counts.
#[utoipa::path(
    post, path = "/api/orders/{number}/payments", tag = "payments", operation_id = "start-payment",
    params(
        ("number" = String, Path, description = "The order's number", example = "MR-7K4Q-9TXD"),
        ("Idempotency-Key" = String, Header, description = "The same for every try of this request"),
    ),
    security(("guest" = [])),
    request_body = StartPaymentBody,
    responses(
        (status = 201, description = "Begun; without an authorization_url the provider has not answered yet, and the link is mailed", body = PaymentBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(till): State<Till>,
    request: RequestId,
    Path(number): Path<String>,
    bearer: Bearer,
    IdempotencyHeader(key): IdempotencyHeader,
    Json { value: body, bytes }: Json<StartPaymentBody>,
) -> Result<Response, Problem> {
    let channel = body.check()?;
    let number: OrderNumber = number.parse()?;
    let database = &till.shop.database;
    let order = orders::find(&mut *database.connection().await?, &number).await?;
    if !till.access.opens(order, &bearer) {
        return Err(Problem::not_found());
    }
    tracing::Span::current().record("order", tracing::field::display(order));
    let key = key_of(order, key, &bytes);
    let cause = Cause::new(till.shop.clock.now(), "start-payment", request.as_str());

    let mut tx = database.begin().await?;
    let wish = StartPayment { order, channel };
    let (begun, reference) = start_payment(&mut tx, &cause, &key, wish).await?;
    tx.commit().await?;

    match begun {
        Begun::Answered(_, answer) => Ok(give(answer, |body| body)),
        Begun::New => open_and_answer(&till, &cause, &key, &reference, Claim::Held).await,
        Begun::Unanswered(id) => {
            let reference = reference_of(&till, order, id.into()).await?;
            open_and_answer(&till, &cause, &key, &reference, Claim::Take).await
        }
    }
}

async fn open_and_answer(
    till: &Till,
    cause: &Cause,
    key: &IdempotencyKey,
    reference: &PaymentReference,
    claim: Claim,
) -> Result<Response, Problem> {
    match open_payment(&till.shop, cause, reference, claim).await {
        Ok(checkout::Opening::Busy(_)) => {
            return Err(Problem::from(IdempotencyError::InFlight).retry_after(1));
        }
        Ok(_) => {}
        // The attempt stands; process-payment opens it and mails the link.
        Err(error) => tracing::warn!(error = domain::chain(&error), "the payment is not open yet"),
    }
    let database = &till.shop.database;
    let attempt = payments::by_reference(&mut *database.connection().await?, reference).await?;
    let attempt = attempt.ok_or_else(Problem::not_found)?;
    let body = serde_json::to_string(&PaymentBody::from(&attempt)).unwrap_or_default();
    Ok(answer_once(database, key, body, |body| body).await?)
}

async fn reference_of(
    till: &Till,
    order: OrderId,
    id: PaymentId,
) -> Result<PaymentReference, Problem> {
    let attempts = payments::of_order(&mut *till.shop.database.connection().await?, order).await?;
    let attempt = attempts.into_iter().find(|attempt| attempt.id == id);
    attempt
        .map(|attempt| attempt.reference)
        .ok_or_else(Problem::not_found)
}

fn key_of(order: OrderId, key: String, body: &[u8]) -> IdempotencyKey {
    IdempotencyKey {
        scope: format!("POST /api/orders/payments {order}"),
        key,
        request_hash: hash_of(body),
    }
}

/// How the customer wants to pay now.
#[derive(Deserialize, ToSchema)]
#[schema(as = StartPayment)]
struct StartPaymentBody {
    /// `card` (the provider's page), `bank_transfer` or `ussd`.
    #[schema(value_type = String, example = "bank_transfer", required)]
    channel: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl StartPaymentBody {
    fn check(self) -> Result<Channel, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let channel = errors.word("channel", self.channel, &ONLINE);
        errors.finish(channel)
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(PaymentBody, ProblemBody)))]
struct Api;
