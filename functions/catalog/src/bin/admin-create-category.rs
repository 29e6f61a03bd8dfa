//! `POST /api/admin/categories`: makes a category.

use std::str::FromStr as _;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use catalog_functions::Management;
use catalog_functions::admin::{AdminCategoryBody, category_refused, id, position};
use domain::{CategoryId, CategoryName, Slug};
use edge::permit::WriteCatalogue;
use edge::{Field, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError, Unknown};
use merchandising::category::{self, NewCategory};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/categories";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let management = Management::read(env)?;
        Some(
            Router::new()
                .route(ROUTE, post(handle))
                .with_state(management),
        )
    })
    .await
}

/// Make a category
///
/// Below another, or at the top; there are at most eight levels. Without a slug one is made of the name,
/// numbered where that is taken.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-create-category",
    security(("staff" = ["write_catalogue"])),
    request_body = NewCategoryBody,
    responses(
        (status = 201, description = "The category", body = AdminCategoryBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`slug_taken` or `category_too_deep`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(management): State<Management>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Json { value: body, .. }: Json<NewCategoryBody>,
) -> Result<Response, Problem> {
    let new = body.check()?;
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let made = category::create(&mut tx, &cause, new).await;
    let category = made.map_err(category_refused)?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(category = %category.id, by = %member, "category made");
    let version = category.version;
    Ok(edge::versioned(
        version,
        edge::created(&AdminCategoryBody::from(category)),
    ))
}

/// A category to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCategory)]
struct NewCategoryBody {
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Shirts", required)]
    name: Field<String>,
    /// Its name in addresses; by default made of its name.
    #[schema(value_type = Option<String>, nullable = false, max_length = 120, example = "shirts")]
    slug: Field<String>,
    /// The category above it; null for the top.
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Field<String>,
    /// Its place among its siblings, the lowest first; by default behind the last.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    position: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl NewCategoryBody {
    fn check(self) -> Result<NewCategory, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let name = errors.required("name", self.name, |text| CategoryName::parse(&text));
        let slug = errors.optional("slug", self.slug, |text| Slug::from_str(&text));
        let parent = id(&mut errors, "parent_id", self.parent_id).map(CategoryId::from);
        let position = errors.optional("position", self.position, position);
        errors.finish(name.map(|name| NewCategory {
            name,
            slug,
            parent,
            position,
        }))
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminCategoryBody, ProblemBody)))]
struct Api;
