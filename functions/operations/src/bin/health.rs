//! `GET /api/health` and `GET /api/health/ready`: whether the shop lives, and what it depends on.

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use cache::{Cache, CacheSettings};
use database::{Database, outbox};
use edge::{Problem, ProblemBody, StartError};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

#[derive(Clone)]
struct App {
    database: Database,
    cache: Cache,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (database, cache) = (Database::read(env), CacheSettings::read(env));
        let app = App {
            database: database?,
            cache: Cache::lazy(&cache),
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
/// 503 where orders cannot be taken. A cache that is away costs speed only; a broker that is away
/// shows as an outbox that grows old.
#[utoipa::path(
    get, path = "/api/health/ready", tag = "operations", operation_id = "health-ready",
    responses(
        (status = 200, description = "Orders are taken", body = ReadyBody),
        (status = "5XX", description = "Orders are not taken", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let began = Instant::now();
    let mut connection = app.database.connection().await?;
    let outbox_age_seconds = outbox::oldest_due(&mut connection).await?;
    drop(connection);
    let database = DependencyBody::up(began);
    let began = Instant::now();
    let cache = match app.cache.ping().await {
        Some(_) => DependencyBody::up(began),
        None => DependencyBody::away(began),
    };
    Ok(edge::ok(&ReadyBody {
        status: "ok",
        database,
        cache,
        outbox_age_seconds,
    }))
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
    database: DependencyBody,
    cache: DependencyBody,
    /// How long the oldest announcement has waited to be published, in seconds.
    outbox_age_seconds: i64,
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

impl DependencyBody {
    fn up(began: Instant) -> Self {
        Self {
            status: "up",
            milliseconds: since(began),
        }
    }

    fn away(began: Instant) -> Self {
        Self {
            status: "away",
            milliseconds: since(began),
        }
    }
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
