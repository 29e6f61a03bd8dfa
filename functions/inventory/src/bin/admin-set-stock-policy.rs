//! `PATCH /api/admin/stock/{variant_id}`: sets when a variant counts as low, and how far below the shelf
//! orders may go.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::patch;
use domain::{StockLimit, VariantId, Version};
use edge::permit::WriteInventory;
use edge::{
    Field, FieldErrors, IfMatch, Json, Patch, Problem, ProblemBody, RequestId, Staff, StartError,
    Unknown,
};
use inventory_functions::patched;
use inventory_functions::shapes::VariantStockBody;
use office::{Office, id_in_path};
use serde::Deserialize;
use stock::{SetPolicy, set_policy};
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/stock/{variant_id}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, patch(handle)).with_state(office))
    })
    .await
}

/// Set a variant's stock policy
///
/// At one location, or at every active one where none is named: each of them gets the same threshold and
/// the same limit. A field that is not sent stays as it is. The version is that of the variant's stock,
/// as the list shows it; adjustments and orders do not count it up.
#[utoipa::path(
    patch, path = ROUTE, tag = "inventory", operation_id = "admin-set-stock-policy",
    security(("staff" = ["write_inventory"])),
    params(
        ("variant_id" = String, Path, description = "The variant's id"),
        ("If-Match" = String, Header, description = "The version that was read, in quotation marks", example = "\"1\""),
    ),
    request_body = SetStockPolicyBody,
    responses(
        (status = 200, description = "Set", body = VariantStockBody, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "`below_reserved`: more is promised already than the limit would allow; `location_inactive`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteInventory>,
    request: RequestId,
    Path(id): Path<String>,
    IfMatch(version): IfMatch,
    Json { value: body, .. }: Json<SetStockPolicyBody>,
) -> Result<Response, Problem> {
    let wish = body.check(id_in_path(&id)?.into(), version)?;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let stock = set_policy(&mut tx, &cause, &wish).await?;
    tx.commit().await?;

    tracing::info!(variant = %stock.variant, by = %member, "set a stock policy");
    let version = stock.version;
    let body = VariantStockBody::from(stock);
    Ok(edge::versioned(version, edge::ok(&body)))
}

/// What is to be different.
#[derive(Deserialize, ToSchema)]
#[schema(as = SetStockPolicy)]
struct SetStockPolicyBody {
    /// Where; absent or null: at every active location.
    #[schema(value_type = Option<Uuid>)]
    location_id: Field<String>,
    /// At or below this many available pieces at a location it counts as low, and staff are told.
    #[serde(default)]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    low_stock_threshold: Patch<i64>,
    /// How far below the shelf of a location orders may go.
    #[serde(default)]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    backorder_limit: Patch<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl SetStockPolicyBody {
    fn check(self, variant: VariantId, version: Version) -> Result<SetPolicy, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let location = match self.location_id {
            Field::Absent => None,
            given @ (Field::Present(_) | Field::Wrong(_)) => errors.id("location_id", given),
        };
        let (threshold, limit) = (self.low_stock_threshold, self.backorder_limit);
        let low_stock_threshold = patched(
            &mut errors,
            "low_stock_threshold",
            threshold,
            StockLimit::new,
        );
        let backorder_limit = patched(&mut errors, "backorder_limit", limit, StockLimit::new);
        errors.finish(Some(SetPolicy {
            variant,
            version,
            location: location.map(Into::into),
            low_stock_threshold,
            backorder_limit,
        }))
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(VariantStockBody, ProblemBody)))]
struct Api;
