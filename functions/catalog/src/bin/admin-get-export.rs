//! `GET /api/admin/product-exports/{id}`: shows how far an export is, and where its file can be fetched.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use catalog_functions::files::{ExportBody, FileRoom, export_key, is_kept};
use domain::{Clock, ExportId};
use edge::permit::ReadCatalogue;
use edge::{Problem, ProblemBody, Staff, StartError};
use merchandising::file::export::{self, Export};
use office::id_in_path;
use storage::Presigned;
use utoipa::OpenApi;

const ROUTE: &str = "/api/admin/product-exports/{id}";
/// How long the address of a file works.
const VALID: Duration = Duration::from_secs(15 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let room = FileRoom::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(room))
    })
    .await
}

/// Show an export
///
/// Once it is done, with an address at which the file can be fetched for 15 minutes; the file is kept for
/// thirty days.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "admin-get-export",
    security(("staff" = ["read_catalogue"])),
    params(("id" = String, Path, description = "The export's id")),
    responses(
        (status = 200, description = "The export", body = ExportBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(room): State<FileRoom>,
    _: Staff<ReadCatalogue>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = ExportId::from(id_in_path(&id)?);
    let found = export::find(&mut *room.office.database.connection().await?, id).await?;
    let export = found.ok_or_else(Problem::not_found)?;
    let download = download(&room, &export)?;
    Ok(edge::ok(&ExportBody::new(export, download)))
}

fn download(room: &FileRoom, export: &Export) -> Result<Option<Presigned>, Problem> {
    if !is_kept(export, Clock::system().now()) {
        return Ok(None);
    }
    let name = format!("products-{}.csv", export.requested_at.format("%Y-%m-%d"));
    let key = export_key(export.id)?;
    Ok(Some(room.signer.presign_get(&key, Some(&name), VALID)))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(ExportBody, ProblemBody)))]
struct Api;
