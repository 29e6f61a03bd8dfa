//! `GET /api/admin/dead-messages`: lists the messages that could not be worked, the newest first.

use std::str::FromStr;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use database::dead::Filter;
use desk::dead;
use domain::DeadMessageState;
use edge::permit::ReadOperations;
use edge::{IdCursor, Problem, ProblemBody, Query, Staff, StartError};
use messaging::topology::QUEUES;
use office::Office;
use operations_functions::DeadMessageBody;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

const ROUTE: &str = "/api/admin/dead-messages";
/// How many messages a page has where nothing is said.
const PAGE_SIZE: i64 = 20;
/// The longest type that is asked for, in bytes.
const LONGEST_TYPE: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Lists dead messages
///
/// The messages that no attempt could work, the newest first. Follow `next_cursor` with the same
/// filters to read on.
#[utoipa::path(
    get, path = ROUTE, tag = "operations", operation_id = "admin-list-dead-messages",
    security(("staff" = ["read_operations"])),
    params(
        ("state" = Option<String>, Query, pattern = "^(open|replayed|discarded)$", description = "By default all. `open`: those that wait for a decision."),
        ("queue" = Option<String>, Query, description = "The queue they came from.", example = "order_processing"),
        ("type" = Option<String>, Query, description = "What they announced.", example = "order.paid"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many messages, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = DeadMessagePageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadOperations>,
    query: Query,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(query)?;
    let mut connection = office.database.connection().await?;
    let page = dead::list(&mut connection, &wanted.filter, wanted.after, wanted.limit).await?;
    Ok(edge::ok(&DeadMessagePageBody {
        items: page.items.into_iter().map(DeadMessageBody::from).collect(),
        next_cursor: page.next.map(|last| IdCursor(last).to_string()),
    }))
}

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadMessagePage)]
struct DeadMessagePageBody {
    /// The newest first.
    items: Vec<DeadMessageBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

struct Wanted {
    filter: Filter,
    after: Option<Uuid>,
    limit: i64,
}

impl Wanted {
    fn read(mut query: Query) -> Result<Self, Problem> {
        let filter = Filter {
            state: query.word("state", DeadMessageState::ALL),
            queue: queue(&mut query),
            event_type: event_type(&mut query),
        };
        let limit = query.number("limit", 1, 100);
        let after = query.parsed("cursor", IdCursor::from_str);
        query.finish()?;
        Ok(Self {
            filter,
            after: after.map(|IdCursor(id)| id),
            limit: limit.unwrap_or(PAGE_SIZE),
        })
    }
}

fn queue(query: &mut Query) -> Option<String> {
    let name = query.take("queue")?;
    let names = QUEUES.map(|queue| queue.name);
    if names.contains(&name.as_str()) {
        return Some(name);
    }
    let detail = format!("must be one of {}", names.join(", "));
    query.push("queue", "unknown_word", &detail);
    None
}

/// Any type may be asked for, one from another time too.
fn event_type(query: &mut Query) -> Option<String> {
    let name = query.take("type")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b == b'.' || b == b'_';
    if name.len() <= LONGEST_TYPE && name.bytes().all(plain) {
        return Some(name);
    }
    query.push("type", "invalid_type", "must be like order.paid");
    None
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(DeadMessagePageBody, ProblemBody)))]
struct Api;
