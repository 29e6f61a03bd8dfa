//! `POST /api/admin/dead-messages/{id}/replay`: sends a message that could not be worked on its way
//! again.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use desk::dead;
use edge::permit::WriteOperations;
use edge::{Problem, ProblemBody, RequestId, Staff, StartError};
use office::{Office, id_in_path};
use operations_functions::DeadMessageBody;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/dead-messages/{id}/replay";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(office))
    })
    .await
}

/// Replay a dead message
///
/// Once its cause is mended: the message goes out again under its own id, with all its attempts
/// before it, and a consumer that had worked it all the same does nothing. If it fails again it is a
/// dead message anew, with an id of its own.
#[utoipa::path(
    post, path = ROUTE, tag = "operations", operation_id = "admin-replay-message",
    security(("staff" = ["write_operations"])),
    params(("id" = String, Path, description = "The dead message's id")),
    responses(
        (status = 200, description = "It is on its way", body = DeadMessageBody),
        (status = 409, description = "`already_replayed`, `already_discarded`, or `message_not_replayable` for what is no event that a queue takes", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteOperations>,
    request: RequestId,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_in_path(&id)?;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let replayed = dead::replay(&mut tx, &cause, id).await?;
    tx.commit().await?;

    tracing::info!(dead_message = %id, by = %member, "replayed");
    Ok(edge::ok(&DeadMessageBody::from(replayed)))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(DeadMessageBody, ProblemBody)))]
struct Api;
