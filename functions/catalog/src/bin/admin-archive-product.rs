//! `DELETE /api/admin/products/{id}`: takes a product out of the catalogue.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::delete;
use catalog_functions::Management;
use catalog_functions::admin::{Place, refused};
use edge::permit::WriteCatalogue;
use edge::{IfMatch, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::product;
use office::id_in_path;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/products/{id}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let management = Management::read(env)?;
        Some(
            Router::new()
                .route(ROUTE, delete(handle))
                .with_state(management),
        )
    })
    .await
}

/// Archive a product
///
/// Customers see it no longer; its orders keep it, and it is never deleted. A change of `status` to `draft`
/// brings it back. One that is archived already stays as it is.
#[utoipa::path(
    delete, path = ROUTE, tag = "catalog", operation_id = "admin-archive-product",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("If-Match" = String, Header, description = "The version that was read", example = "\"7\""),
    ),
    responses(
        (status = 204, description = "It is archived"),
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
) -> Result<Response, Problem> {
    let id = id_in_path(&id)?;
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let archived = product::archive(&mut tx, &cause, id.into(), version).await;
    archived.map_err(|error| refused(error, Place::Whole))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(product = %id, by = %member, "product archived");
    Ok(edge::no_content())
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
