//! `POST /api/admin/product-imports`: promises a file of products, and answers the address to upload it to.

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use catalog_functions::files::{CSV, FileRoom, import_key};
use catalog_functions::upload::UploadBody;
use domain::{Fault, ImportId, ImportStatus, Kind};
use edge::permit::WriteCatalogue;
use edge::{Field, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError, Unknown};
use merchandising::file::import::{self, MOST_BYTES};
use serde::{Deserialize, Serialize};
use storage::Promised;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/product-imports";
/// How long the address for uploading works.
const VALID: Duration = Duration::from_secs(60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let room = FileRoom::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(room))
    })
    .await
}

/// Import products
///
/// Answers an address to which a browser sends a CSV file with `PUT`, once, within an hour, and with exactly
/// the headers given. Nothing else need be called: the file is looked for, and worked as soon as it has
/// come. Good rows are applied, the others told with their lines by `GET /api/admin/product-imports/{id}`.
/// The columns are described in docs/imports.md; an export has all of them. At most 100 MiB and 200,000
/// rows.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-import-products",
    security(("staff" = ["write_catalogue"])),
    request_body = CreateImportBody,
    responses(
        (status = 201, description = "Promised; upload it now", body = PromisedImportBody),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(room): State<FileRoom>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Json { value: body, .. }: Json<CreateImportBody>,
) -> Result<Response, Problem> {
    let bytes = body.check()?;
    let cause = room.office.cause(&member, &request);

    let id = ImportId::new();
    let promised = Promised {
        content_type: Some(CSV),
        bytes,
        once: true,
    };
    let upload = room.signer.presign_put(&import_key(id)?, promised, VALID);
    let mut tx = room.office.database.begin().await?;
    import::request(&mut tx, &cause, id, upload.expires_at).await?;
    tx.commit().await?;

    tracing::info!(import = %id, by = %member, "a file of products was promised");
    Ok(edge::created(&PromisedImportBody {
        id,
        status: ImportStatus::AwaitingUpload,
        upload: upload.into(),
    }))
}

/// What will be uploaded.
#[derive(Deserialize, ToSchema)]
#[schema(as = CreateProductImport)]
struct CreateImportBody {
    /// The file's size, where it is known; the upload must then have it.
    #[schema(value_type = Option<i64>, nullable = false, minimum = 1, maximum = 104_857_600)]
    bytes: Field<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateImportBody {
    fn check(self) -> Result<Option<u64>, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let fits = |bytes: u64| {
            (1..=MOST_BYTES)
                .contains(&bytes)
                .then_some(bytes)
                .ok_or(SizeError)
        };
        let bytes = errors.optional("bytes", self.bytes, fits);
        errors.finish(Some(bytes))
    }
}

/// A size that no import has.
#[derive(Debug)]
struct SizeError;

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be 1 to {MOST_BYTES}")
    }
}

impl std::error::Error for SizeError {}

impl Fault for SizeError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "out_of_range"
    }
}

/// The promised import, and where its file goes.
#[derive(Serialize, ToSchema)]
#[schema(as = PromisedProductImport)]
struct PromisedImportBody {
    /// Its identity.
    #[schema(value_type = Uuid)]
    id: ImportId,
    /// `awaiting_upload`.
    #[schema(value_type = String, example = "awaiting_upload")]
    status: ImportStatus,
    /// Where the file goes.
    upload: UploadBody,
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(CreateImportBody, PromisedImportBody, ProblemBody))
)]
struct Api;
