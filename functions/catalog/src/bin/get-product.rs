//! `GET /api/products/{slug}`: one product with its variants, options and pictures.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use catalog_functions::shapes::ProductBody;
use catalog_functions::{Reader, json};
use domain::Slug;
use edge::{Problem, ProblemBody, Query, StartError};
use http::HeaderMap;
use utoipa::OpenApi;

const ROUTE: &str = "/api/products/{slug}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let reader = Reader::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(reader))
    })
    .await
}

#[derive(OpenApi)]
#[openapi(paths(handle))]
struct Api;

/// Gets a product
///
/// A product on sale, by its slug. Drafts and archived products are not found.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "get-product",
    params(("slug" = String, Path, description = "The product's name in addresses", example = "ankara-shirt")),
    responses(
        (status = 200, description = "The product", body = ProductBody),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "There is no such product on sale", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that this address does not have", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again shortly", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(reader): State<Reader>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    // What cannot be a slug is nobody's.
    let slug: Slug = slug.parse().map_err(|_| Problem::not_found())?;
    reader
        .answer(
            &headers,
            &format!("product:{slug}"),
            product(&reader, &slug),
        )
        .await
}

async fn product(reader: &Reader, slug: &Slug) -> Result<Vec<u8>, Problem> {
    let mut connection = reader.connection().await?;
    let product = catalog::find_product(&mut connection, slug).await?;
    json(&ProductBody::from(product))
}
