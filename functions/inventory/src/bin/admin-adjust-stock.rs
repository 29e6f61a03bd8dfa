//! `POST /api/admin/stock/adjustments`: receives, corrects or writes off stock, all lines or none.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use database::Transaction;
use database::idempotency::{
    Begun, IdempotencyError, IdempotencyKey, StoredAnswer, begin, complete,
};
use domain::{Cause, Fault};
use edge::permit::WriteInventory;
use edge::{
    FieldError, IdempotencyHeader, Json, Problem, ProblemBody, RequestId, Staff, StartError,
    hash_of,
};
use http::StatusCode;
use office::Office;
use stock::{Adjust, AdjustError, Shortfall, adjust};
use utoipa::OpenApi;

#[path = "admin-adjust-stock/body.rs"]
mod body;

use body::{AdjustStockBody, AdjustmentBody};

const ROUTE: &str = "/api/admin/stock/adjustments";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(office))
    })
    .await
}

/// Adjust stock
///
/// Every line or none. Send an `Idempotency-Key`, so that goods which came in once are counted once: a
/// repeat of the same request with the same key changes nothing and is answered as the first one was.
#[utoipa::path(
    post, path = ROUTE, tag = "inventory", operation_id = "admin-adjust-stock",
    security(("staff" = ["write_inventory"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same for every try of this request; kept for 24 hours")),
    request_body = AdjustStockBody,
    responses(
        (status = 201, description = "Adjusted", body = AdjustmentBody),
        (status = 409, description = "`below_zero` or `below_reserved`, with every line that takes more than may go; `location_inactive`; `request_in_flight`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again with the same key", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteInventory>,
    request: RequestId,
    key: Option<IdempotencyHeader>,
    Json { value: body, bytes }: Json<AdjustStockBody>,
) -> Result<Response, Problem> {
    let wish = body.check()?;
    let cause = office.cause(&member, &request);
    let key = key.map(|IdempotencyHeader(key)| IdempotencyKey {
        scope: format!("POST {ROUTE} {member}"),
        key,
        request_hash: hash_of(&bytes),
    });

    let mut tx = office.database.begin().await?;
    let answer = once(&mut tx, &cause, key.as_ref(), &wish).await?;
    tx.commit().await?;

    tracing::info!(adjustment = %wish.id, by = %member, "adjusted stock");
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::CREATED);
    Ok(edge::json_text(status, answer.body))
}

/// Adjusts, or answers what the first request with this key was answered: key, effect and answer are one
/// transaction.
async fn once(
    tx: &mut Transaction,
    cause: &Cause,
    key: Option<&IdempotencyKey>,
    wish: &Adjust,
) -> Result<StoredAnswer, Problem> {
    if let Some(key) = key {
        match begin(tx, cause.at, key, wish.id.uuid()).await? {
            Begun::New => {}
            Begun::Answered(_, answer) => return Ok(answer),
            Begun::Unanswered(_) => {
                return Err(Problem::from(IdempotencyError::InFlight).retry_after(1));
            }
        }
    }
    let adjusted = adjust(tx, cause, wish).await.map_err(problem)?;
    let answer = StoredAnswer {
        status: StatusCode::CREATED.as_u16(),
        body: AdjustmentBody::json(wish, adjusted),
    };
    if let Some(key) = key {
        complete(tx, key, &answer).await?;
    }
    Ok(answer)
}

/// Says which lines a refusal has its reason in.
fn problem(error: AdjustError) -> Problem {
    let at = |line: &usize, field: &str, detail: &str| FieldError {
        pointer: format!("/lines/{line}/{field}"),
        code: error.code().into(),
        detail: detail.to_owned(),
    };
    let all = |lines: &[usize], field: &str, detail: &str| -> Vec<FieldError> {
        lines.iter().map(|line| at(line, field, detail)).collect()
    };
    let errors = match &error {
        AdjustError::UnknownVariants(lines) => all(lines, "variant_id", "names no variant"),
        AdjustError::UnknownLocations(lines) => all(lines, "location_id", "names no location"),
        AdjustError::Inactive(lines) => {
            all(lines, "location_id", "is not active and takes nothing in")
        }
        AdjustError::Short(short) => short.iter().map(shortfall).collect(),
        AdjustError::Database(_) => Vec::new(),
    };
    Problem::from(error).with_errors(errors)
}

fn shortfall(short: &Shortfall) -> FieldError {
    FieldError {
        pointer: format!("/lines/{}/quantity", short.line),
        code: short.code().into(),
        detail: format!(
            "{} are on hand, {} are promised, {} may be owed",
            short.on_hand, short.reserved, short.backorder_limit
        ),
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdjustmentBody, ProblemBody)))]
struct Api;
