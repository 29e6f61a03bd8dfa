//! `GET /api/admin/product-imports/{id}`: shows how far an import is, and what is wrong with its rows.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use catalog_functions::files::ImportBody;
use domain::{CursorError, ImportId};
use edge::permit::WriteCatalogue;
use edge::{Problem, ProblemBody, Query, Staff, StartError};
use merchandising::file::import;
use office::{Office, id_in_path};
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/product-imports/{id}";
/// How many faults a page has where nothing is said.
const PAGE_SIZE: i64 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Show an import
///
/// How far it is, what became of its rows, and a page of what is wrong with them. Follow
/// `errors.next_cursor` to read on.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "admin-get-import",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The import's id"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many faults, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `errors.next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "The import", body = ImportBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<WriteCatalogue>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let id = ImportId::from(id_in_path(&id)?);
    let (limit, after) = page(query)?;

    let mut connection = office.database.connection().await?;
    let found = import::find(&mut connection, id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let mut errors = import::errors(&mut connection, id, after, limit + 1).await?;

    let size = usize::try_from(limit).unwrap_or_default();
    let more = errors.len() > size;
    errors.truncate(size);
    let next = errors.last().filter(|_| more).map(|last| last.place);
    Ok(edge::ok(&ImportBody::new(found, errors, next)))
}

fn page(mut query: Query) -> Result<(i64, Option<i64>), Problem> {
    let limit = query.number("limit", 1, 100);
    let after = query.parsed("cursor", place);
    query.finish()?;
    Ok((limit.unwrap_or(PAGE_SIZE), after))
}

/// A cursor is the place of the last fault.
fn place(text: &str) -> Result<i64, CursorError> {
    text.parse::<u32>().map(i64::from).map_err(|_| CursorError)
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ImportBody, ProblemBody)))]
struct Api;
