//! `GET /api/admin/products/{id}`: shows a product, whether customers see it or not.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use catalog_functions::admin::{AdminProductBody, Place, refused};
use edge::permit::ReadCatalogue;
use edge::{Problem, ProblemBody, Staff, StartError};
use merchandising::product;
use office::{Office, id_in_path};
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/products/{id}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Show a product
///
/// With everything that hangs on it: options, variants (archived ones too) and pictures. The `ETag` is the
/// version that a change is made of.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "admin-get-product",
    security(("staff" = ["read_catalogue"])),
    params(("id" = String, Path, description = "The product's id")),
    responses(
        (status = 200, description = "The product", body = AdminProductBody, headers(("ETag" = String, description = "Its version"))),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadCatalogue>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_in_path(&id)?;
    let mut connection = office.database.connection().await?;
    let found = product::find(&mut connection, id.into()).await;
    let product = found.map_err(|error| refused(error, Place::Whole))?;
    let version = product.version;
    Ok(edge::versioned(
        version,
        edge::ok(&AdminProductBody::from(product)),
    ))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminProductBody, ProblemBody)))]
struct Api;
