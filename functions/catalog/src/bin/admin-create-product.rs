//! `POST /api/admin/products`: makes a product.

#[path = "admin-create-product/body.rs"]
mod body;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use catalog_functions::Management;
use catalog_functions::admin::{AdminProductBody, Place, refused};
use edge::permit::WriteCatalogue;
use edge::{Json, Problem, ProblemBody, RequestId, Staff, StartError};
use merchandising::product;
use utoipa::OpenApi;

use crate::body::NewProductBody;

const ROUTE: &str = "/api/admin/products";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let management = Management::read(env)?;
        Some(
            Router::new()
                .route(ROUTE, post(handle))
                .with_state(management),
        )
    })
    .await
}

/// Make a product
///
/// With its options, and with variants that are chosen (`variants`) or made, one for each combination of the
/// options (`generate_variants`), or without any. By default it is a draft. Without a slug one is made of the
/// name, numbered where that is taken.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-create-product",
    security(("staff" = ["write_catalogue"])),
    request_body = NewProductBody,
    responses(
        (status = 201, description = "The product", body = AdminProductBody, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "`slug_taken`, `sku_taken`, `nothing_to_sell` or `too_many_variants`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(management): State<Management>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Json { value: body, .. }: Json<NewProductBody>,
) -> Result<Response, Problem> {
    let new = body.check()?;
    let office = &management.office;
    let cause = office.cause(&member, &request);

    let mut tx = office.database.begin().await?;
    let made = product::create(&mut tx, &cause, new).await;
    let product = made.map_err(|error| refused(error, Place::List("variants")))?;
    tx.commit().await?;

    management.changed().await;
    tracing::info!(product = %product.id, by = %member, "product made");
    let version = product.version;
    Ok(edge::versioned(
        version,
        edge::created(&AdminProductBody::from(product)),
    ))
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminProductBody, ProblemBody)))]
struct Api;
