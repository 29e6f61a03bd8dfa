//! `GET /api/admin/stock/movements`: lists what was moved, the newest first.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::MovementKind;
use edge::permit::ReadInventory;
use edge::{Problem, ProblemBody, Query, Staff, StartError};
use inventory_functions::shapes::{MovementBody, PageBody};
use inventory_functions::{Cursor, asked};
use office::Office;
use stock::{Movement, MovementPlace, MovementsFilter, movements};
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/stock/movements";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Lists stock movements
///
/// The ledger of every change of a counter, the newest first: the sum of a level's movements is the
/// level. Follow `next_cursor` with the same filters to read on.
#[utoipa::path(
    get, path = ROUTE, tag = "inventory", operation_id = "admin-list-stock-movements",
    security(("staff" = ["read_inventory"])),
    params(
        ("variant" = Option<Uuid>, Query, description = "Of this variant."),
        ("location" = Option<Uuid>, Query, description = "At this location."),
        ("kind" = Option<String>, Query, pattern = "^(received|adjusted|reserved|released|shipped|returned)$", description = "Of this kind."),
        ("adjustment" = Option<Uuid>, Query, description = "The lines of this adjustment."),
        ("from" = Option<DateTime<Utc>>, Query, description = "From this moment on."),
        ("to" = Option<DateTime<Utc>>, Query, description = "Before this moment."),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many items, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = PageBody<MovementBody>),
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
    let page = movements(&mut connection, &wanted.filter, wanted.after, wanted.limit).await?;
    Ok(edge::ok(&PageBody::<MovementBody>::of(page, place)))
}

fn place(last: &Movement) -> String {
    Cursor((last.at, last.id)).to_string()
}

struct Wanted {
    filter: MovementsFilter,
    after: Option<MovementPlace>,
    limit: i64,
}

impl Wanted {
    fn read(mut query: Query) -> Result<Self, Problem> {
        let filter = MovementsFilter {
            variant: asked::id(&mut query, "variant"),
            location: asked::id(&mut query, "location"),
            kind: query.word("kind", MovementKind::ALL),
            adjustment: asked::id(&mut query, "adjustment"),
            from: asked::moment(&mut query, "from"),
            to: asked::moment(&mut query, "to"),
        };
        let limit = asked::limit(&mut query);
        let after = asked::cursor(&mut query, |(at, id): (DateTime<Utc>, i64)| {
            asked::can_be_stored(at).then_some(MovementPlace { at, id })
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
#[openapi(paths(handle), components(schemas(PageBody<MovementBody>, ProblemBody)))]
struct Api;
