//! `GET /api/categories/{slug}`: one category with the way there and what is below it.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use catalog_functions::shapes::CategoryBody;
use catalog_functions::{Reader, json};
use domain::Slug;
use edge::{Problem, ProblemBody, Query, StartError};
use http::HeaderMap;
use utoipa::OpenApi;

const ROUTE: &str = "/api/categories/{slug}";

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

/// Gets a category
///
/// A category by its slug, with the way there from the top and the categories directly below it. Its
/// products are listed by `GET /api/products?category={slug}`.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "get-category",
    params(("slug" = String, Path, description = "The category's name in addresses", example = "shoes")),
    responses(
        (status = 200, description = "The category", body = CategoryBody),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "There is no such category", body = ProblemBody, content_type = "application/problem+json"),
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
            &format!("category:{slug}"),
            category(&reader, &slug),
        )
        .await
}

async fn category(reader: &Reader, slug: &Slug) -> Result<Vec<u8>, Problem> {
    let mut connection = reader.connection().await?;
    let category = catalog::find_category(&mut connection, slug).await?;
    json(&CategoryBody::from(category))
}
