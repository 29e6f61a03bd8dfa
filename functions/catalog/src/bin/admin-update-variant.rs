//! `PATCH /api/admin/variants/{id}`: changes a variant.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::patch;
use catalog_functions::Management;
use catalog_functions::admin::{
    AdminVariantBody, Place, PriceBody, combination, position, price_or_null, refused, unset,
};
use domain::{Change, Money, Sku};
use edge::permit::WriteCatalogue;
use edge::{
    FieldErrors, IfMatch, Json, MoneyBody, Patch, Problem, ProblemBody, RequestId, Staff,
    StartError, Unknown,
};
use merchandising::variant::{self, ChangeVariant, weight};
use office::id_in_path;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/variants/{id}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let management = Management::read(env)?;
        Some(
            Router::new()
                .route(ROUTE, patch(handle))
                .with_state(management),
        )
    })
    .await
}

/// Change a variant
///
/// A field that is left out stays as it is; a change that changes nothing leaves the version. Orders keep the
/// price at which they were placed. An archived variant is not found.
#[utoipa::path(
    patch, path = ROUTE, tag = "catalog", operation_id = "admin-update-variant",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The variant's id"),
        ("If-Match" = String, Header, description = "The variant's version that the change is made of", example = "\"3\""),
    ),
    request_body = ChangeVariantBody,
    responses(
        (status = 200, description = "The variant as it is now", body = AdminVariantBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`sku_taken` or `combination_taken`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(management): State<Management>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Path(id): Path<String>,
    IfMatch(version): IfMatch,
    Json { value: body, .. }: Json<ChangeVariantBody>,
) -> Result<Response, Problem> {
    let (id, change) = (id_in_path(&id)?, body.check()?);
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let changed = variant::change(&mut tx, &cause, id.into(), version, change).await;
    let (product, variant) = changed.map_err(|error| refused(error, Place::Whole))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(variant = %id, by = %member, "variant changed");
    let version = variant.version;
    let body = AdminVariantBody::new(variant, product.version);
    Ok(edge::versioned(version, edge::ok(&body)))
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChangeVariant)]
struct ChangeVariantBody {
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 64)]
    #[serde(default)]
    sku: Patch<String>,
    /// A value for each of the product's options.
    #[schema(value_type = Option<BTreeMap<String, String>>, nullable = false)]
    #[serde(default)]
    options: Patch<BTreeMap<String, String>>,
    /// Above zero, in the product's currency.
    #[schema(value_type = Option<MoneyBody>, nullable = false)]
    #[serde(default)]
    price: Patch<PriceBody>,
    /// Above the price; null to take it away.
    #[schema(value_type = Option<MoneyBody>)]
    #[serde(default)]
    compare_at_price: Patch<PriceBody>,
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    #[serde(default)]
    weight_grams: Patch<i64>,
    /// The lowest comes first.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    #[serde(default)]
    position: Patch<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ChangeVariantBody {
    fn check(self) -> Result<ChangeVariant, Problem> {
        let mut faults = FieldErrors::new();
        let errors = &mut faults;
        errors.refuse_unknown(&self.unknown);
        let sku = unset(errors, "sku", self.sku);
        let options = unset(errors, "options", self.options);
        let weight_grams = unset(errors, "weight_grams", self.weight_grams);
        let place = unset(errors, "position", self.position);
        let change = ChangeVariant {
            sku: errors.optional("sku", sku, |text: String| Sku::from_str(&text)),
            options: errors.optional("options", options, combination),
            price: price(errors, self.price),
            compare_at_price: price_or_null(errors, "compare_at_price", self.compare_at_price),
            weight_grams: errors.optional("weight_grams", weight_grams, weight),
            position: errors.optional("position", place, position),
        };
        faults.finish(Some(change))
    }
}

/// A price may become another one, and not none.
fn price(errors: &mut FieldErrors, patch: Patch<PriceBody>) -> Option<Money> {
    match price_or_null(errors, "price", patch) {
        Change::Leave => None,
        Change::Set(price) => Some(price),
        Change::Clear => {
            errors.push("price", "required", "cannot be made empty");
            None
        }
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminVariantBody, ProblemBody)))]
struct Api;
