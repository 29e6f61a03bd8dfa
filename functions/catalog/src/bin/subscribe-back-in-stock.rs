//! `POST /api/variants/{id}/stock-alerts`: notes who is to be told when a variant is back in stock.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use database::{Database, Transaction};
use domain::{Clock, Email, VariantId};
use edge::{Field, FieldErrors, Json, Problem, ProblemBody, StartError, Unknown};
use office::id_in_path;
use sealing::Sealer;
use serde::{Deserialize, Serialize};
use stock::subscribe;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

const ROUTE: &str = "/api/variants/{id}/stock-alerts";

/// What this function works with.
#[derive(Debug, Clone)]
struct Desk {
    database: Database,
    sealer: Sealer,
    clock: Clock,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (database, sealer) = (Database::read(env), Sealer::read(env));
        let desk = Desk {
            database: database?,
            sealer: sealer?,
            clock: Clock::system(),
        };
        Some(Router::new().route(ROUTE, post(handle)).with_state(desk))
    })
    .await
}

/// Ask to be told when a variant is back
///
/// One message is sent when it is, and the address is forgotten then. Whether somebody has asked before
/// is not told: the answer is the same.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "subscribe-back-in-stock",
    params(("id" = String, Path, description = "The variant's id")),
    request_body = SubscribeBody,
    responses(
        (status = 202, description = "They will be told", body = StockAlertBody),
        (status = 404, description = "There is no such variant on sale", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`in_stock`: it can be had now", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json { value: body, .. }: Json<SubscribeBody>,
) -> Result<Response, Problem> {
    let variant = VariantId::from(id_in_path(&id)?);
    let email = body.check()?;

    let mut tx = desk.database.begin().await?;
    if let Err(refusal) = note(&desk, &mut tx, variant, &email).await {
        tx.rollback().await?;
        return Err(refusal);
    }
    tx.commit().await?;

    Ok(edge::accepted(&StockAlertBody {
        variant_id: variant.uuid(),
        status: "waiting",
    }))
}

/// What is not on sale is nobody's to wait for.
async fn note(
    desk: &Desk,
    tx: &mut Transaction,
    variant: VariantId,
    email: &Email,
) -> Result<(), Problem> {
    let offers = catalog::for_sale(tx, &[variant]).await?;
    if !offers.contains_key(&variant) {
        return Err(Problem::not_found());
    }
    Ok(subscribe(tx, desk.clock.now(), &desk.sealer, variant, email).await?)
}

/// Who is to be told.
#[derive(Deserialize, ToSchema)]
#[schema(as = SubscribeBackInStock)]
struct SubscribeBody {
    #[schema(value_type = String, format = "email", required, example = "ada@example.com")]
    email: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl SubscribeBody {
    fn check(self) -> Result<Email, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let email = errors.required("email", self.email, |text| Email::parse(&text));
        errors.finish(email)
    }
}

/// What was noted.
#[derive(Serialize, ToSchema)]
#[schema(as = StockAlert)]
struct StockAlertBody {
    variant_id: Uuid,
    /// `waiting`.
    #[schema(value_type = String, example = "waiting")]
    status: &'static str,
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(StockAlertBody, ProblemBody)))]
struct Api;
