//! `DELETE /api/admin/variants/{id}`: takes a variant off sale.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::delete;
use catalog_functions::Management;
use catalog_functions::admin::{Place, refused};
use edge::permit::WriteCatalogue;
use edge::{IfMatch, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::variant;
use office::id_in_path;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/variants/{id}";

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

/// Take a variant off sale
///
/// It is archived, never deleted: its orders, its stock and its SKU stay. Its combination of options is
/// free for another; making a variant of the same product with its SKU brings it back. The last variant of
/// a published product stays.
#[utoipa::path(
    delete, path = ROUTE, tag = "catalog", operation_id = "admin-delete-variant",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The variant's id"),
        ("If-Match" = String, Header, description = "The variant's version that was read", example = "\"3\""),
    ),
    responses(
        (status = 204, description = "It is off sale"),
        (status = 409, description = "`nothing_to_sell`: the product is published and has no other", body = ProblemBody, content_type = "application/problem+json"),
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
    let archived = variant::archive(&mut tx, &cause, id.into(), version).await;
    archived.map_err(|error| refused(error, Place::Whole))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(variant = %id, by = %member, "variant archived");
    Ok(edge::no_content())
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ProblemBody)))]
struct Api;
