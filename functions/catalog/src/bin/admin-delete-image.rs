//! `DELETE /api/admin/products/{id}/images/{image_id}`: takes a picture away.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::delete;
use catalog_functions::Management;
use domain::{ImageId, ProductId};
use edge::permit::WriteCatalogue;
use edge::{IfMatch, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::image::remove;
use office::id_in_path;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/products/{id}/images/{image_id}";

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

/// Delete a picture
///
/// Customers do not see it any more, and the file is deleted shortly after. Copies of it in caches outside
/// the shop may live on. The places of the other pictures close up.
#[utoipa::path(
    delete, path = ROUTE, tag = "catalog", operation_id = "admin-delete-image",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("image_id" = String, Path, description = "The picture's id"),
        ("If-Match" = String, Header, description = "The product's version that the change is made of, as `\"7\"`"),
    ),
    responses(
        (status = 204, description = "It is gone", headers(("ETag" = String, description = "The product's version"))),
        (status = 412, description = "`stale_version`: the product has changed since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(management): State<Management>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    IfMatch(version): IfMatch,
    Path((id, image_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let product = ProductId::from(id_in_path(&id)?);
    let image = ImageId::from(id_in_path(&image_id)?);
    let cause = management.office.cause(&member, &request);

    let mut tx = management.office.database.begin().await?;
    let removed = remove(&mut tx, &cause, (product, image), version).await?;
    tx.commit().await?;

    if removed.seen {
        management.changed().await;
    }
    tracing::info!(%product, %image, by = %member, "a picture was deleted");
    Ok(edge::versioned(removed.version, edge::no_content()))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
