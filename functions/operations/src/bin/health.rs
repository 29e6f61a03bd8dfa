//! `GET /api/health` and `GET /api/health/ready`: whether the shop lives, and what it depends on.

use std::time::Instant;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::get;
use cache::{Cache, CacheSettings};
use database::{Database, DatabaseError, dead, outbox};
use edge::permit::ReadOperations;
use edge::{Problem, ProblemBody, Staff, StaffAccess, StartError};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// An outbox this old, in seconds, is not being published: the relay looks into it five times a
/// second, and the alarm has the same bound (docs/runbook.md).
const BEHIND: i64 = 60;

#[derive(Clone)]
struct App {
    database: Database,
    cache: Cache,
    access: StaffAccess,
}

impl FromRef<App> for StaffAccess {
    fn from_ref(app: &App) -> Self {
        app.access.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (database, cache) = (Database::read(env), CacheSettings::read(env));
        let access = StaffAccess::read(env);
        let app = App {
            database: database?,
            cache: Cache::lazy(&cache),
            access: access?,
        };
        Some(
            Router::new()
                .route("/api/health", get(live))
                .route("/api/health/ready", get(ready))
                .with_state(app),
        )
    })
    .await
}

/// Whether the shop lives
#[utoipa::path(
    get, path = "/api/health", tag = "operations", operation_id = "health",
    responses((status = 200, description = "It does", body = LiveBody)),
)]
async fn live() -> Response {
    edge::ok(&LiveBody { status: "ok" })
}

/// What the shop depends on
///
/// 503 where orders cannot be taken. A cache that is away costs speed only. The broker is not asked:
/// requests never talk to it. That it, or the relay, is away shows in an outbox that grows old, which
/// is what `publishing` says.
#[utoipa::path(
    get, path = "/api/health/ready", tag = "operations", operation_id = "health-ready",
    security(("staff" = ["read_operations"])),
    responses(
        (status = 200, description = "Orders are taken", body = ReadyBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Orders are not taken", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn ready(State(app): State<App>, _: Staff<ReadOperations>) -> Result<Response, Problem> {
    let (database, messages) = ask_database(&app.database).await?;
    let began = Instant::now();
    let answer = app.cache.ping().await;
    let cache = DependencyBody {
        status: if answer.is_some() { "up" } else { "away" },
        milliseconds: since(began),
    };
    Ok(edge::ok(&ReadyBody {
        status: "ok",
        database,
        cache,
        messages,
    }))
}

async fn ask_database(database: &Database) -> Result<(DatabaseBody, MessagesBody), DatabaseError> {
    let began = Instant::now();
    let mut connection = database.connection().await?;
    let sessions = database::sessions(&mut connection).await?;
    let milliseconds = since(began);
    let outbox_age_seconds = outbox::oldest_due(&mut connection).await?;
    let messages = MessagesBody {
        publishing: if outbox_age_seconds > BEHIND {
            "behind"
        } else {
            "up"
        },
        outbox_age_seconds,
        dead_messages: dead::count_open(&mut connection).await?,
    };
    let database = DatabaseBody {
        status: "up",
        milliseconds,
        sessions: sessions.open,
        sessions_limit: sessions.limit,
    };
    Ok((database, messages))
}

/// A sign of life.
#[derive(Serialize, ToSchema)]
#[schema(as = Live)]
struct LiveBody {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// The state of what the shop depends on.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
struct ReadyBody {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
    database: DatabaseBody,
    cache: DependencyBody,
    #[serde(flatten)]
    messages: MessagesBody,
}

/// The database.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadyDatabase)]
struct DatabaseBody {
    /// `up`: without it there is no answer but 503.
    #[schema(value_type = String, example = "up")]
    status: &'static str,
    /// How long its answer took, a connection included.
    milliseconds: u64,
    /// The server's sessions, everybody's.
    sessions: i64,
    /// How many there may be.
    sessions_limit: i64,
}

/// One dependency.
#[derive(Serialize, ToSchema)]
#[schema(as = Dependency)]
struct DependencyBody {
    /// `up` or `away`.
    #[schema(value_type = String, example = "up")]
    status: &'static str,
    /// How long its answer took.
    milliseconds: u64,
}

/// How the shop's events fare.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadyMessages)]
struct MessagesBody {
    /// `up`, or `behind` where the oldest announcement has waited for more than a minute: the broker
    /// or the relay is away, or there is more than they can carry.
    #[schema(value_type = String, example = "up")]
    publishing: &'static str,
    /// How long the oldest announcement has waited to be published, in seconds.
    outbox_age_seconds: i64,
    /// How many messages that could not be worked wait for a decision of staff.
    dead_messages: i64,
}

fn since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[derive(OpenApi)]
#[openapi(
    paths(live, ready),
    components(schemas(LiveBody, ReadyBody, ProblemBody))
)]
struct Api;
