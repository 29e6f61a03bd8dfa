//! `POST /api/admin/dead-messages/{id}/discard`: decides that a message that could not be worked is
//! not needed.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use desk::dead;
use domain::Reason;
use edge::permit::WriteOperations;
use edge::{Field, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError, Unknown};
use office::{Office, id_in_path};
use operations_functions::DeadMessageBody;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/dead-messages/{id}/discard";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(office))
    })
    .await
}

/// Discard a dead message
///
/// For what is no event of the shop, or what people have done by hand meanwhile. It stays on record,
/// with who discarded it, when and why.
#[utoipa::path(
    post, path = ROUTE, tag = "operations", operation_id = "admin-discard-message",
    security(("staff" = ["write_operations"])),
    params(("id" = String, Path, description = "The dead message's id")),
    request_body = DiscardBody,
    responses(
        (status = 200, description = "It is discarded", body = DeadMessageBody),
        (status = 409, description = "`already_replayed` or `already_discarded`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteOperations>,
    request: RequestId,
    Path(id): Path<String>,
    Json { value: body, .. }: Json<DiscardBody>,
) -> Result<Response, Problem> {
    let (id, reason) = (id_in_path(&id)?, body.check()?);
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let discarded = dead::discard(&mut tx, &cause, id, &reason).await?;
    tx.commit().await?;

    tracing::info!(dead_message = %id, by = %member, "discarded");
    Ok(edge::ok(&DeadMessageBody::from(discarded)))
}

/// Why the message is not needed.
#[derive(Deserialize, ToSchema)]
#[schema(as = DiscardMessage)]
struct DiscardBody {
    /// For those who ask later; names no person.
    #[schema(value_type = String, required, min_length = 1, max_length = 500, example = "The receipt was sent by hand, ticket 4711.")]
    reason: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl DiscardBody {
    fn check(self) -> Result<Reason, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let reason = errors.required("reason", self.reason, |text| Reason::parse(&text));
        errors.finish(reason)
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(DeadMessageBody, ProblemBody)))]
struct Api;
