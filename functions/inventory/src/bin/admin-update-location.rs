//! `PATCH /api/admin/locations/{id}`: changes a place where stock lies.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::patch;
use domain::{LocationId, LocationName, StockValueError, Version};
use edge::permit::WriteInventory;
use edge::{
    FieldErrors, IfMatch, Json, Patch, Problem, ProblemBody, RequestId, Staff, StartError, Unknown,
};
use inventory_functions::shapes::LocationBody;
use inventory_functions::{patched, priority};
use office::{Office, id_in_path};
use serde::Deserialize;
use stock::{ChangeLocation, change_location};
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/locations/{id}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, patch(handle)).with_state(office))
    })
    .await
}

/// Change a location
///
/// A field that is not sent stays as it is. A location is closed (`active: false`) only once it is empty:
/// nothing on hand, nothing promised, no backorders taken; so no stock is ever out of sight.
#[utoipa::path(
    patch, path = ROUTE, tag = "inventory", operation_id = "admin-update-location",
    security(("staff" = ["write_inventory"])),
    params(
        ("id" = String, Path, description = "The location's id"),
        ("If-Match" = String, Header, description = "The version that was read, in quotation marks", example = "\"1\""),
    ),
    request_body = UpdateLocationBody,
    responses(
        (status = 200, description = "Changed", body = LocationBody, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "`location_name_taken` or `location_not_empty`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: it has changed meanwhile", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<WriteInventory>,
    request: RequestId,
    Path(id): Path<String>,
    IfMatch(version): IfMatch,
    Json { value: body, .. }: Json<UpdateLocationBody>,
) -> Result<Response, Problem> {
    let wish = body.check(id_in_path(&id)?.into(), version)?;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let location = change_location(&mut tx, &cause, &wish).await?;
    tx.commit().await?;

    tracing::info!(location = %location.id, by = %member, "changed a location");
    let version = location.version;
    let body = LocationBody::from(location);
    Ok(edge::versioned(version, edge::ok(&body)))
}

/// What is to be different.
#[derive(Deserialize, ToSchema)]
#[schema(as = UpdateLocation)]
struct UpdateLocationBody {
    /// Its name; no other's.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, example = "Main shelf")]
    name: Patch<String>,
    /// Orders are filled from the lowest first.
    #[serde(default)]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000)]
    priority: Patch<i64>,
    /// Whether orders are filled from it.
    #[serde(default)]
    #[schema(value_type = Option<bool>, nullable = false)]
    active: Patch<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl UpdateLocationBody {
    fn check(self, id: LocationId, version: Version) -> Result<ChangeLocation, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let name = patched(&mut errors, "name", self.name, |text| {
            LocationName::parse(&text)
        });
        let priority = patched(&mut errors, "priority", self.priority, priority);
        let active = patched(&mut errors, "active", self.active, Ok::<_, StockValueError>);
        errors.finish(Some(ChangeLocation {
            id,
            version,
            name,
            priority,
            active,
        }))
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(LocationBody, ProblemBody)))]
struct Api;
