//! `PATCH /api/admin/categories/{id}`: changes a category, or moves it with all below it.

use std::str::FromStr as _;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::patch;
use catalog_functions::Management;
use catalog_functions::admin::{AdminCategoryBody, category_refused, id_or_null, position, unset};
use domain::{CategoryId, CategoryName, Slug};
use edge::permit::WriteCatalogue;
use edge::{
    FieldErrors, IfMatch, Json, Patch, Problem, ProblemBody, RequestId, Staff, StartError, Unknown,
};
use merchandising::category::{self, ChangeCategory};
use office::id_in_path;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/categories/{id}";

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

/// Change or move a category
///
/// A field that is left out stays as it is; a change that changes nothing leaves the version. With another
/// `parent_id` all that stands below it moves too. A category cannot stand below itself.
#[utoipa::path(
    patch, path = ROUTE, tag = "catalog", operation_id = "admin-update-category",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The category's id"),
        ("If-Match" = String, Header, description = "The version that the change is made of", example = "\"7\""),
    ),
    request_body = ChangeCategoryBody,
    responses(
        (status = 200, description = "The category as it is now", body = AdminCategoryBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`slug_taken`, `category_cycle` or `category_too_deep`", body = ProblemBody, content_type = "application/problem+json"),
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
    Json { value: body, .. }: Json<ChangeCategoryBody>,
) -> Result<Response, Problem> {
    let (id, change) = (id_in_path(&id)?, body.check()?);
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let changed = category::change(&mut tx, &cause, id.into(), version, change).await;
    let category = changed.map_err(category_refused)?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(category = %id, by = %member, "category changed");
    let version = category.version;
    Ok(edge::versioned(
        version,
        edge::ok(&AdminCategoryBody::from(category)),
    ))
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChangeCategory)]
struct ChangeCategoryBody {
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200)]
    #[serde(default)]
    name: Patch<String>,
    /// The former address then leads nowhere.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 120)]
    #[serde(default)]
    slug: Patch<String>,
    /// Another category above it; null for the top.
    #[schema(value_type = Option<uuid::Uuid>)]
    #[serde(default)]
    parent_id: Patch<String>,
    /// The lowest comes first.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    #[serde(default)]
    position: Patch<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ChangeCategoryBody {
    fn check(self) -> Result<ChangeCategory, Problem> {
        let mut faults = FieldErrors::new();
        let errors = &mut faults;
        errors.refuse_unknown(&self.unknown);
        let name = unset(errors, "name", self.name);
        let slug = unset(errors, "slug", self.slug);
        let place = unset(errors, "position", self.position);
        let change = ChangeCategory {
            name: errors.optional("name", name, |text: String| CategoryName::parse(&text)),
            slug: errors.optional("slug", slug, |text: String| Slug::from_str(&text)),
            position: errors.optional("position", place, position),
            parent: id_or_null::<CategoryId>(errors, "parent_id", self.parent_id),
        };
        faults.finish(Some(change))
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminCategoryBody, ProblemBody)))]
struct Api;
