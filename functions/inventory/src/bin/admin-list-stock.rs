//! `GET /api/admin/stock`: lists what lies where, by SKU.

use std::str::FromStr;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::Sku;
use edge::permit::ReadInventory;
use edge::{Problem, ProblemBody, Query, Staff, StartError};
use inventory_functions::shapes::{ListedLevelBody, PageBody};
use inventory_functions::{Cursor, asked};
use office::Office;
use stock::{LevelsFilter, ListedLevel, Place, Short, levels};
use utoipa::OpenApi;
use uuid::Uuid;

const ROUTE: &str = "/api/admin/stock";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Lists stock
///
/// An item for each variant at each active location, by SKU. Follow `next_cursor` with the same filters
/// to read on.
#[utoipa::path(
    get, path = ROUTE, tag = "inventory", operation_id = "admin-list-stock",
    security(("staff" = ["read_inventory"])),
    params(
        ("low" = Option<bool>, Query, description = "`true`: only what is at or below its threshold, what has run out included."),
        ("out" = Option<bool>, Query, description = "`true`: only what has nothing on the shelf that is not promised."),
        ("location" = Option<Uuid>, Query, description = "Only at this location, active or not."),
        ("sku" = Option<String>, Query, description = "Only SKUs that begin so.", example = "ANK-"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many items, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = PageBody<ListedLevelBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadInventory>,
    query: Query,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(query)?;
    let mut connection = office.database.connection().await?;
    let after = wanted.after.as_ref();
    let page = levels(&mut connection, &wanted.filter, after, wanted.limit).await?;
    Ok(edge::ok(&PageBody::<ListedLevelBody>::of(page, place)))
}

fn place(last: &ListedLevel) -> String {
    Cursor((&last.sku, last.level.location)).to_string()
}

struct Wanted {
    filter: LevelsFilter,
    after: Option<Place>,
    limit: i64,
}

impl Wanted {
    fn read(mut query: Query) -> Result<Self, Problem> {
        let (low, out) = (query.flag("low"), query.flag("out"));
        // What is out is low as well.
        let short = match (low, out) {
            (_, Some(true)) => Some(Short::Out),
            (Some(true), _) => Some(Short::Low),
            (_, _) => None,
        };
        let filter = LevelsFilter {
            short,
            location: asked::id(&mut query, "location"),
            sku: query.parsed("sku", Sku::from_str),
        };
        let limit = asked::limit(&mut query);
        let after = asked::cursor(&mut query, |(sku, location): (String, Uuid)| {
            let (sku, location) = (sku.parse().ok()?, location.into());
            Some(Place { sku, location })
        });
        query.finish()?;
        Ok(Self {
            filter,
            after,
            limit,
        })
    }
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(PageBody<ListedLevelBody>, ProblemBody))
)]
struct Api;
