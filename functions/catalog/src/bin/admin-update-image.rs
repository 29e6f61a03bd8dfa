//! `PATCH /api/admin/products/{id}/images/{image_id}`: describes or moves a picture.

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::patch;
use catalog_functions::Management;
use catalog_functions::images::{ChangedImageBody, Seen, look};
use domain::{Change, Clock, Fault as _, ImageId, ProductId};
use edge::permit::WriteCatalogue;
use edge::{
    FieldErrors, IfMatch, Json, Patch, Problem, ProblemBody, RequestId, Staff, StaffAccess,
    StartError, Unknown,
};
use merchandising::image::{
    Alt, Awaited, ChangeImage, ImageContentError, ImageError, awaited, change,
};
use office::id_in_path;
use serde::Deserialize;
use storage::Storage;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/products/{id}/images/{image_id}";

#[derive(Clone)]
struct Studio {
    management: Management,
    storage: Storage,
}

impl FromRef<Studio> for StaffAccess {
    fn from_ref(studio: &Studio) -> Self {
        Self::from_ref(&studio.management)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (management, storage) = (Management::read(env), Storage::read(env, Clock::system()));
        let studio = Studio {
            management: management?,
            storage: storage?,
        };
        Some(Router::new().route(ROUTE, patch(handle)).with_state(studio))
    })
    .await
}

/// Describe or move a picture
///
/// A field that is absent stays as it is; `alt: null` makes it empty. The other pictures move on, so that
/// places stay 0, 1, 2 … A picture that is still awaited is looked for on this occasion.
#[utoipa::path(
    patch, path = ROUTE, tag = "catalog", operation_id = "admin-update-image",
    security(("staff" = ["write_catalogue"])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("image_id" = String, Path, description = "The picture's id"),
        ("If-Match" = String, Header, description = "The product's version that the change is made of, as `\"7\"`"),
    ),
    request_body = UpdateImageBody,
    responses(
        (status = 200, description = "The picture now", body = ChangedImageBody, headers(("ETag" = String, description = "The product's version"))),
        (status = 412, description = "`stale_version`: the product has changed since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(studio): State<Studio>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    IfMatch(version): IfMatch,
    Path((id, image_id)): Path<(String, String)>,
    Json { value: body, .. }: Json<UpdateImageBody>,
) -> Result<Response, Problem> {
    let product = ProductId::from(id_in_path(&id)?);
    let image = ImageId::from(id_in_path(&image_id)?);
    let command = body.check()?;
    let office = &studio.management.office;
    let cause = office.cause(&member, &request);

    let command = ChangeImage {
        has_come: has_come(&studio, product, image).await?,
        ..command
    };
    let mut tx = office.database.begin().await?;
    let changed = change(&mut tx, &cause, (product, image), version, &command).await?;
    tx.commit().await?;

    if changed.seen {
        studio.management.changed().await;
    }
    let version = changed.version;
    Ok(edge::versioned(
        version,
        edge::ok(&ChangedImageBody::from(changed)),
    ))
}

/// Whether an awaited picture is there. One that cannot be looked for is looked for by `sync-product`, which
/// also deals with what was not promised.
async fn has_come(studio: &Studio, product: ProductId, image: ImageId) -> Result<bool, ImageError> {
    let database = &studio.management.office.database;
    let open = awaited(&mut *database.connection().await?, image).await?;
    let Awaited::Upload(waiting) = open else {
        return Ok(false);
    };
    if waiting.product_id != product {
        return Ok(false);
    }
    let seen = look(&studio.storage, &waiting).await;
    if let Err(error) = &seen {
        tracing::warn!(
            code = error.code(),
            error = domain::chain(error),
            "a picture was not looked for"
        );
    }
    Ok(seen.is_ok_and(|seen| seen == Seen::AsPromised))
}

/// What is to change.
#[derive(Deserialize, ToSchema)]
#[schema(as = UpdateImage)]
struct UpdateImageBody {
    /// What the picture shows; null for nothing.
    #[serde(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 300, example = "The shirt from behind")]
    alt: Patch<String>,
    /// Its place among the product's pictures, from 0 on; beyond the end means last.
    #[serde(default)]
    #[schema(value_type = Option<u16>, required = false, nullable = false, minimum = 0)]
    position: Patch<u16>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl UpdateImageBody {
    fn check(self) -> Result<ChangeImage, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let alt = match errors.change("alt", self.alt, |text| Alt::parse(&text)) {
            Change::Leave => None,
            Change::Clear => Some(Alt::default()),
            Change::Set(alt) => Some(alt),
        };
        let position = errors.change("position", self.position, Ok::<_, ImageContentError>);
        if position == Change::Clear {
            errors.push("position", "required", "cannot be null");
        }
        let position = position.apply(None);
        errors.finish(Some(ChangeImage {
            alt,
            position,
            has_come: false,
        }))
    }
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(UpdateImageBody, ChangedImageBody, ProblemBody))
)]
struct Api;
