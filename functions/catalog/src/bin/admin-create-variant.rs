//! `POST /api/admin/products/{id}/variants`: adds a variant to a product.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use catalog_functions::Management;
use catalog_functions::admin::{AdminVariantBody, Place, VariantBody, refused};
use edge::permit::WriteCatalogue;
use edge::{FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::variant;
use office::id_in_path;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/products/{id}/variants";

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

/// Add a variant
///
/// It has a value for each of the product's options, in a combination that no other of its variants on sale
/// has. An archived variant of the product with the same SKU comes back, with what is said here. A product
/// has at most 100 variants on sale.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-create-variant",
    security(("staff" = ["write_catalogue"])),
    params(("id" = String, Path, description = "The product's id")),
    request_body = VariantBody,
    responses(
        (status = 201, description = "The variant", body = AdminVariantBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`sku_taken`, `combination_taken` or `too_many_variants`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(management): State<Management>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Path(id): Path<String>,
    Json { value: body, .. }: Json<VariantBody>,
) -> Result<Response, Problem> {
    let id = id_in_path(&id)?;
    let mut errors = FieldErrors::new();
    let new = body.check(&mut errors);
    let new = errors.finish(new)?;
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let made = variant::create(&mut tx, &cause, id.into(), new).await;
    let (product, variant) = made.map_err(|error| refused(error, Place::Whole))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(product = %id, variant = %variant.id, by = %member, "variant added");
    let version = variant.version;
    let body = AdminVariantBody::new(variant, product.version);
    Ok(edge::versioned(version, edge::created(&body)))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminVariantBody, ProblemBody)))]
struct Api;
