//! `DELETE /api/admin/categories/{id}`: removes an empty category.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::delete;
use catalog_functions::Management;
use catalog_functions::admin::category_refused;
use edge::permit::WriteCatalogue;
use edge::{IfMatch, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::category;
use office::id_in_path;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/categories/{id}";

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

/// Remove a category
///
/// Only one in which nothing stands: no category, and no product, archived ones included.
#[utoipa::path(
    delete, path = ROUTE, tag = "catalog", operation_id = "admin-delete-category",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The category's id"),
        ("If-Match" = String, Header, description = "The version that was read", example = "\"7\""),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`category_not_empty`", body = ProblemBody, content_type = "application/problem+json"),
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
    let removed = category::remove(&mut tx, &cause, id.into(), version).await;
    removed.map_err(category_refused)?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(category = %id, by = %member, "category removed");
    Ok(edge::no_content())
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
