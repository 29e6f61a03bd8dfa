//! `GET /api/admin/stock/reservations`: lists what is promised to orders.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use edge::permit::ReadInventory;
use edge::{Problem, ProblemBody, Query, Staff, StartError};
use inventory_functions::shapes::{PageBody, ReservationBody};
use inventory_functions::{Cursor, asked};
use office::Office;
use stock::{ReservationPlace, ReservationsFilter, ReservedPieces, reservations};
use utoipa::OpenApi;
use uuid::Uuid;

const ROUTE: &str = "/api/admin/stock/reservations";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Lists reservations
///
/// What is promised to orders now, the newest orders first. Follow `next_cursor` with the same filters
/// to read on.
#[utoipa::path(
    get, path = ROUTE, tag = "inventory", operation_id = "admin-list-reservations",
    security(("staff" = ["read_inventory"])),
    params(
        ("variant" = Option<Uuid>, Query, description = "Of this variant."),
        ("location" = Option<Uuid>, Query, description = "At this location."),
        ("order" = Option<Uuid>, Query, description = "To this order."),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many items, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = PageBody<ReservationBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadInventory>,
    mut query: Query,
) -> Result<Response, Problem> {
    let filter = ReservationsFilter {
        variant: asked::id(&mut query, "variant"),
        location: asked::id(&mut query, "location"),
        order: asked::id(&mut query, "order"),
    };
    let limit = asked::limit(&mut query);
    let after = asked::cursor(&mut query, |place: (Uuid, Uuid, Uuid)| {
        Some(ReservationPlace {
            order: place.0.into(),
            variant: place.1.into(),
            location: place.2.into(),
        })
    });
    query.finish()?;
    let mut connection = office.database.connection().await?;
    let page = reservations(&mut connection, &filter, after, limit).await?;
    Ok(edge::ok(&PageBody::<ReservationBody>::of(page, place)))
}

fn place(last: &ReservedPieces) -> String {
    Cursor((last.order, last.variant, last.location)).to_string()
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(PageBody<ReservationBody>, ProblemBody))
)]
struct Api;
