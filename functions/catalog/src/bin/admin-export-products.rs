//! `POST /api/admin/product-exports`: asks for a file of products.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use catalog_functions::files::ExportBody;
use domain::{ProductStatus, Slug};
use edge::permit::ReadCatalogue;
use edge::{
    Field, FieldError, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StartError,
    Unknown,
};
use merchandising::file::export::{self, ExportError};
use office::Office;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/product-exports";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, post(handle)).with_state(office))
    })
    .await
}

/// Export products
///
/// The file is written in the background; `GET /api/admin/product-exports/{id}` tells how far it is, and
/// where it can be fetched. It has every product of the choice with its variants, and can be imported as it
/// is. Pictures and stock are not in it.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-export-products",
    security(("staff" = ["read_catalogue"])),
    request_body = CreateExportBody,
    responses(
        (status = 201, description = "It will be written", body = ExportBody),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    Staff { member, .. }: Staff<ReadCatalogue>,
    request: RequestId,
    Json { value: body, .. }: Json<CreateExportBody>,
) -> Result<Response, Problem> {
    let (status, category) = body.check()?;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let asked = export::request(&mut tx, &cause, status, category.as_ref()).await;
    let export = asked.map_err(refused)?;
    tx.commit().await?;

    tracing::info!(export = %export.id, by = %member, "a file of products was asked for");
    Ok(edge::created(&ExportBody::new(export, None)))
}

/// Which products the file has; all where nothing is said.
#[derive(Deserialize, ToSchema)]
#[schema(as = CreateProductExport)]
struct CreateExportBody {
    /// `draft`, `published` or `archived`.
    #[schema(value_type = Option<String>, nullable = false, pattern = "^(draft|published|archived)$", example = "published")]
    status: Field<String>,
    /// The slug of a category; its descendants' products are in the file too.
    #[schema(value_type = Option<String>, nullable = false, example = "shoes")]
    category: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateExportBody {
    fn check(self) -> Result<(Option<ProductStatus>, Option<Slug>), Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let status = match self.status {
            Field::Absent => None,
            status @ (Field::Present(_) | Field::Wrong(_)) => {
                errors.word("status", status, ProductStatus::ALL)
            }
        };
        let category = errors.optional("category", self.category, |text| text.parse::<Slug>());
        errors.finish(Some((status, category)))
    }
}

/// Says where in the request a refusal has its reason.
fn refused(error: ExportError) -> Problem {
    let errors = match &error {
        ExportError::UnknownCategory => vec![FieldError {
            pointer: "/category".to_owned(),
            code: "unknown_category".into(),
            detail: error.to_string(),
        }],
        ExportError::Database(_) => Vec::new(),
    };
    Problem::from(error).with_errors(errors)
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(CreateExportBody, ExportBody, ProblemBody))
)]
struct Api;
