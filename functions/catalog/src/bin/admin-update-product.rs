//! `PATCH /api/admin/products/{id}`: changes a product.

use std::str::FromStr as _;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::patch;
use catalog_functions::Management;
use catalog_functions::admin::{
    AdminProductBody, OptionBody, Place, id, options, refused, unset, word,
};
use chrono::{DateTime, Utc};
use domain::{
    CategoryId, Currency, Description, ProductName, ProductStatus, PublicationTime, Slug,
};
use edge::permit::WriteCatalogue;
use edge::{
    Field, FieldErrors, IfMatch, Json, Patch, Problem, ProblemBody, RequestId, Staff, StartError,
    Unknown,
};
use merchandising::product::{self, ChangeProduct};
use office::id_in_path;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/products/{id}";

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

/// Change a product
///
/// A field that is left out stays as it is; a change that changes nothing leaves the version. Customers who
/// ask after the answer see the change. Publishing needs a variant; a time of publication that is to come
/// takes the product on sale then. What is archived becomes a draft first.
///
/// `options` names all options in their order. Variants follow: an option with `renamed_from` is renamed in
/// them, of a new option they have the first value, and an option that is left out is gone from them. A
/// value that a variant on sale has cannot be left out.
#[utoipa::path(
    patch, path = ROUTE, tag = "catalog", operation_id = "admin-update-product",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("If-Match" = String, Header, description = "The version that the change is made of", example = "\"7\""),
    ),
    request_body = ChangeProductBody,
    responses(
        (status = 200, description = "The product as it is now", body = AdminProductBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`slug_taken`, `nothing_to_sell`, `forbidden_move`, `option_in_use`, `combination_taken` or `currency_in_use`", body = ProblemBody, content_type = "application/problem+json"),
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
    Json { value: body, .. }: Json<ChangeProductBody>,
) -> Result<Response, Problem> {
    let (id, change) = (id_in_path(&id)?, body.check()?);
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let changed = product::change(&mut tx, &cause, id.into(), version, change).await;
    let product = changed.map_err(|error| refused(error, Place::Whole))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(product = %id, by = %member, "product changed");
    let version = product.version;
    Ok(edge::versioned(
        version,
        edge::ok(&AdminProductBody::from(product)),
    ))
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChangeProduct)]
struct ChangeProductBody {
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200)]
    #[serde(default)]
    name: Patch<String>,
    /// The former address then leads nowhere.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 120)]
    #[serde(default)]
    slug: Patch<String>,
    /// Plain text in lines.
    #[schema(value_type = Option<String>, nullable = false, max_length = 20_000)]
    #[serde(default)]
    description: Patch<String>,
    #[schema(value_type = Option<uuid::Uuid>, nullable = false)]
    #[serde(default)]
    category_id: Patch<String>,
    #[schema(value_type = Option<String>, nullable = false, pattern = "^(draft|published|archived)$")]
    #[serde(default)]
    status: Patch<String>,
    /// Null to forget it, as long as the product is not published.
    #[schema(value_type = Option<DateTime<Utc>>)]
    #[serde(default)]
    published_at: Patch<DateTime<Utc>>,
    /// Only as long as the product has no variants.
    #[schema(value_type = Option<String>, nullable = false, example = "NGN")]
    #[serde(default)]
    currency: Patch<String>,
    #[schema(value_type = Option<bool>, nullable = false)]
    #[serde(default)]
    show_quantity: Patch<bool>,
    #[schema(value_type = Option<Vec<OptionBody>>, nullable = false, max_items = 5)]
    #[serde(default)]
    options: Patch<Vec<Field<OptionBody>>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ChangeProductBody {
    fn check(self) -> Result<ChangeProduct, Problem> {
        let mut faults = FieldErrors::new();
        let errors = &mut faults;
        errors.refuse_unknown(&self.unknown);
        let name = unset(errors, "name", self.name);
        let slug = unset(errors, "slug", self.slug);
        let description = unset(errors, "description", self.description);
        let category = unset(errors, "category_id", self.category_id);
        let status = unset(errors, "status", self.status);
        let currency = unset(errors, "currency", self.currency);
        let show_quantity = unset(errors, "show_quantity", self.show_quantity);
        let given = unset(errors, "options", self.options);
        let change = ChangeProduct {
            name: errors.optional("name", name, |text: String| ProductName::parse(&text)),
            slug: errors.optional("slug", slug, |text: String| Slug::from_str(&text)),
            description: errors.optional("description", description, |text: String| {
                Description::parse(&text)
            }),
            category: id(errors, "category_id", category).map(CategoryId::from),
            status: word(errors, "status", status, ProductStatus::ALL),
            published_at: errors.change("published_at", self.published_at, PublicationTime::parse),
            currency: word(errors, "currency", currency, Currency::ALL),
            show_quantity: errors.optional_value("show_quantity", show_quantity),
            options: options(errors, given),
        };
        faults.finish(Some(change))
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminProductBody, ProblemBody)))]
struct Api;
