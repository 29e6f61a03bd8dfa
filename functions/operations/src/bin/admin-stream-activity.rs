//! `GET /api/admin/activity`: shows staff what happens in the shop, as it happens.

use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use database::Database;
use domain::Fault;
use edge::permit::ReadOrders;
use edge::{FieldError, Problem, ProblemBody, Query, Staff, StartError};
use notifications::{ActivityId, ActivityIdError, MOST_AT_ONCE, SeenActivity, follow};
use office::Office;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/activity";
/// What a client of server-sent events has seen last (HTML, "Server-sent events" §9.2.4).
const LAST_EVENT_ID: &str = "last-event-id";
/// How long an answer waits for something to tell. The gateway gives up after 30 s, and the last look
/// into the database has to fit in.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long it sleeps between two looks. Meanwhile it holds no connection.
const PAUSE: Duration = Duration::from_millis(500);
/// When the client is to ask again, in milliseconds: at once where more is there already.
const RETRY: u32 = 1_000;
const RETRY_FOR_MORE: u32 = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// Follows what happens
///
/// Server-sent events in answers that end, so that no gateway has to keep one open: each has what has
/// come since the last event that the client has seen (at most 100 events), or waits up to 25 s until
/// something comes; then it ends, and the client asks again after `retry` milliseconds, as any
/// `EventSource` does. Who has seen nothing is shown the 50 newest. No event is left out or shown twice,
/// and all clients see them in the same order. An answer in which nothing came is a comment.
///
/// Each `data` is an `Activity`.
#[utoipa::path(
    get, path = ROUTE, tag = "operations", operation_id = "admin-stream-activity",
    security(("staff" = ["read_orders"])),
    params(
        ("Last-Event-ID" = Option<String>, Header, pattern = r"^\d+-\d+$", description = "The `id` of the last event seen. It goes before `after`."),
        ("after" = Option<String>, Query, pattern = r"^\d+-\d+$", description = "The same, for clients that cannot set the header when they begin."),
    ),
    responses(
        (status = 200, description = "What has come", body = String, content_type = "text/event-stream",
         example = "retry: 1000\n\nid: 81733-42\ndata: {\"kind\":\"order_paid\",\"alert\":false,\"detail\":{\"number\":\"MR-7K4Q-9TXD\"},\"at\":\"2026-11-23T10:00:00Z\"}\n\n"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadOrders>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let seen = last_seen(&headers, query)?;
    let events = await_events(&office.database, seen).await?;
    answer(&events)
}

/// The place in the order of events that the client has come to. A client that connects again sends
/// the address it began with and, beside it, the header.
fn last_seen(headers: &HeaderMap, mut query: Query) -> Result<Option<ActivityId>, Problem> {
    let began_with = query.parsed("after", str::parse);
    query.finish()?;
    let header = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty());
    let Some(value) = header else {
        return Ok(began_with);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map(Some).map_err(|fault| at_fault(&fault))
}

fn at_fault(fault: &ActivityIdError) -> Problem {
    Problem::invalid(vec![FieldError {
        pointer: "Last-Event-ID".to_owned(),
        code: fault.code().into(),
        detail: fault.to_string(),
    }])
}

/// What follows, as soon as there is anything; nothing, when patience has an end.
async fn await_events(
    database: &Database,
    seen: Option<ActivityId>,
) -> Result<Vec<SeenActivity>, Problem> {
    let end = Instant::now() + PATIENCE;
    loop {
        let mut connection = database.connection().await?;
        let events = follow(&mut connection, seen).await?;
        drop(connection);
        if !events.is_empty() || Instant::now() + PAUSE > end {
            return Ok(events);
        }
        sleep(PAUSE).await;
    }
}

fn answer(events: &[SeenActivity]) -> Result<Response, Problem> {
    let more = i64::try_from(events.len()).is_ok_and(|events| events >= MOST_AT_ONCE);
    let retry = if more { RETRY_FOR_MORE } else { RETRY };
    let mut stream = format!("retry: {retry}\n\n");
    if events.is_empty() {
        stream.push_str(": nothing has come\n\n");
    }
    for event in events {
        let data = ActivityBody::from(event).line()?;
        // Writing to a text cannot fail.
        let _ = write!(stream, "id: {}\ndata: {data}\n\n", event.id);
    }
    let content_type = HeaderValue::from_static("text/event-stream");
    Ok(([(header::CONTENT_TYPE, content_type)], stream).into_response())
}

/// Something that happened in the shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
struct ActivityBody<'a> {
    /// What happened. New words may come at any time.
    #[schema(example = "order_paid")]
    kind: &'a str,
    /// Whether somebody has to act.
    alert: bool,
    /// Ids, numbers and amounts of what it is about.
    #[schema(value_type = Object)]
    detail: &'a Value,
    /// When.
    at: DateTime<Utc>,
}

impl<'a> From<&'a SeenActivity> for ActivityBody<'a> {
    fn from(seen: &'a SeenActivity) -> Self {
        let SeenActivity {
            id: _,
            kind,
            alert,
            detail,
            at,
        } = seen;
        Self {
            kind,
            alert: *alert,
            detail,
            at: *at,
        }
    }
}

impl ActivityBody<'_> {
    /// As JSON, which has no line break outside its texts and writes those inside as `\n`.
    fn line(&self) -> Result<String, Unwritable> {
        serde_json::to_string(self).map_err(Unwritable::Json)
    }
}

/// An event that cannot be told.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error("an event cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

domain::fault! {
    Unwritable { Json => Bug "internal_error" }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ActivityBody, ProblemBody)))]
struct Api;
