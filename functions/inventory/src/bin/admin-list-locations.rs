//! `GET /api/admin/locations`: lists the places where stock lies.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use edge::permit::ReadInventory;
use edge::{Problem, ProblemBody, Query, Staff, StartError};
use inventory_functions::shapes::{LocationBody, PageBody};
use inventory_functions::{Cursor, asked};
use office::Office;
use stock::{Location, LocationPlace, locations};
use utoipa::OpenApi;
use uuid::Uuid;

const ROUTE: &str = "/api/admin/locations";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Lists locations
///
/// In the order in which orders are filled from them.
#[utoipa::path(
    get, path = ROUTE, tag = "inventory", operation_id = "admin-list-locations",
    security(("staff" = ["read_inventory"])),
    params(
        ("active" = Option<bool>, Query, description = "Only those that orders are filled from, or only the others."),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many items, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = PageBody<LocationBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadInventory>,
    mut query: Query,
) -> Result<Response, Problem> {
    let active = query.flag("active");
    let limit = asked::limit(&mut query);
    let after = asked::cursor(&mut query, |(priority, id): (i32, Uuid)| {
        let id = id.into();
        Some(LocationPlace { priority, id })
    });
    query.finish()?;
    let mut connection = office.database.connection().await?;
    let page = locations(&mut connection, active, after, limit).await?;
    Ok(edge::ok(&PageBody::<LocationBody>::of(page, place)))
}

fn place(last: &Location) -> String {
    Cursor((last.priority, last.id)).to_string()
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(PageBody<LocationBody>, ProblemBody)))]
struct Api;
