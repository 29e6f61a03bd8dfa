//! `GET /api/categories`: the tree of categories, with how many products each has.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use catalog_functions::shapes::CategoryNodeBody;
use catalog_functions::{Reader, json};
use edge::{Problem, ProblemBody, Query, StartError};
use http::HeaderMap;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/categories";

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

/// Lists categories
///
/// All categories from the top ones down, empty ones too, in the shop's order. The tree comes whole:
/// it is small, and a menu needs all of it.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "list-categories",
    responses(
        (status = 200, description = "The tree", body = CategoryTreeBody),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 422, description = "A parameter that this address does not have", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again shortly", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(reader): State<Reader>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    reader
        .answer(&headers, "categories", categories(&reader))
        .await
}

/// The categories.
#[derive(Serialize, ToSchema)]
#[schema(as = CategoryTree)]
struct CategoryTreeBody {
    /// The top categories, each with those below it.
    items: Vec<CategoryNodeBody>,
}

async fn categories(reader: &Reader) -> Result<Vec<u8>, Problem> {
    let mut connection = reader.connection().await?;
    let tree = catalog::category_tree(&mut connection).await?;
    json(&CategoryTreeBody {
        items: tree.into_iter().map(CategoryNodeBody::from).collect(),
    })
}
