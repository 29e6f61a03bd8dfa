//! `POST /api/admin/locations`: makes a place where stock lies.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::LocationName;
use edge::permit::WriteInventory;
use edge::{Field, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError, Unknown};
use inventory_functions::shapes::LocationBody;
use inventory_functions::{PRIORITIES, priority};
use office::Office;
use serde::Deserialize;
use stock::{NewLocation, create_location};
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/locations";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(office))
    })
    .await
}

/// Create a location
///
/// It holds nothing yet. A second one of the same name is refused, so a repeat makes none.
#[utoipa::path(
    post, path = ROUTE, tag = "inventory", operation_id = "admin-create-location",
    security(("staff" = ["write_inventory"])),
    request_body = CreateLocationBody,
    responses(
        (status = 201, description = "Made", body = LocationBody, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "`location_name_taken`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteInventory>,
    request: RequestId,
    Json { value: body, .. }: Json<CreateLocationBody>,
) -> Result<Response, Problem> {
    let new = body.check()?;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let location = create_location(&mut tx, &cause, &new).await?;
    tx.commit().await?;

    tracing::info!(location = %location.id, by = %member, "made a location");
    let version = location.version;
    let body = LocationBody::from(location);
    Ok(edge::versioned(version, edge::created(&body)))
}

/// A location that is to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = CreateLocation)]
struct CreateLocationBody {
    /// Its name; no other's.
    #[schema(value_type = String, required, min_length = 1, max_length = 100, example = "Main shelf")]
    name: Field<String>,
    /// Orders are filled from the lowest first; by default 0.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    priority: Field<i64>,
    /// Whether orders are filled from it; by default true.
    #[schema(value_type = Option<bool>, nullable = false)]
    active: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateLocationBody {
    fn check(self) -> Result<NewLocation, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let name = errors.required("name", self.name, |text| LocationName::parse(&text));
        let priority = errors.optional("priority", self.priority, priority);
        let active = errors.optional_value("active", self.active);
        let new = name.map(|name| NewLocation {
            name,
            priority: priority.unwrap_or(*PRIORITIES.start()),
            active: active.unwrap_or(true),
        });
        errors.finish(new)
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(LocationBody, ProblemBody)))]
struct Api;
