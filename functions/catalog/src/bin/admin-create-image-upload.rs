//! `POST /api/admin/products/{id}/images`: promises a picture, and answers the address to upload it to.

use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::post;
use catalog_functions::images::StaffImageBody;
use catalog_functions::upload::UploadBody;
use chrono::{DateTime, Utc};
use domain::{Clock, ImageId, ProductId};
use edge::permit::WriteCatalogue;
use edge::{
    Field, FieldErrors, Json, Problem, ProblemBody, RequestId, Staff, StaffAccess, StartError,
    Unknown,
};
use merchandising::image::{
    Alt, Changed, ImageSize, ImageType, RequestUpload, key_of, request_upload,
};
use office::{Office, id_in_path};
use serde::{Deserialize, Serialize};
use storage::{ImagesUrl, Key, Presigned, Promised, Signer};
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/admin/products/{id}/images";
/// How long the address for uploading works.
const VALID: Duration = Duration::from_secs(15 * 60);

#[derive(Clone)]
struct Studio {
    office: Office,
    signer: Signer,
    images: ImagesUrl,
}

impl FromRef<Studio> for StaffAccess {
    fn from_ref(studio: &Studio) -> Self {
        Self::from_ref(&studio.office)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (office, images) = (Office::read(env), ImagesUrl::read(env));
        let signer = Signer::read(env, Clock::system());
        let studio = Studio {
            office: office?,
            signer: signer?,
            images: images?,
        };
        Some(Router::new().route(ROUTE, post(handle)).with_state(studio))
    })
    .await
}

/// Upload a picture
///
/// Answers an address to which a browser sends the bytes with `PUT`, once, within 15 minutes, and with
/// exactly the headers given (`content-length` it sets by itself). Nothing else need be called: the picture
/// is looked for, and is on the product as soon as it has come and is of the type and size that were
/// named. If it never comes, or something else does, it is taken away again. At most 20 pictures a product.
#[utoipa::path(
    post, path = ROUTE, tag = "catalog", operation_id = "admin-create-image-upload",
    security(("staff" = ["write_catalogue"])),
    params(("id" = String, Path, description = "The product's id")),
    request_body = CreateImageUploadBody,
    responses(
        (status = 201, description = "Promised; upload it now", body = ImageUploadBody, headers(("ETag" = String, description = "The product's version"))),
        (status = 409, description = "`too_many_images`", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was written", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(studio): State<Studio>,
    Staff { member, .. }: Staff<WriteCatalogue>,
    request: RequestId,
    Path(id): Path<String>,
    Json { value: body, .. }: Json<CreateImageUploadBody>,
) -> Result<Response, Problem> {
    let (product, wish) = (ProductId::from(id_in_path(&id)?), body.check()?);
    let cause = studio.office.cause(&member, &request);

    let image = ImageId::new();
    let key = Key::new(key_of(product, image, wish.content_type))?;
    let upload = studio.signer.presign_put(&key, wish.promised(), VALID);
    let command = wish.of(product, image, studio.images.of(&key), upload.expires_at);
    let mut tx = studio.office.database.begin().await?;
    let promised = request_upload(&mut tx, &cause, command).await?;
    tx.commit().await?;

    tracing::info!(%product, %image, by = %member, "a picture was promised");
    let version = promised.version;
    Ok(edge::versioned(
        version,
        edge::created(&ImageUploadBody::new(promised, upload)),
    ))
}

/// What will be uploaded.
#[derive(Deserialize, ToSchema)]
#[schema(as = CreateImageUpload)]
struct CreateImageUploadBody {
    /// `image/jpeg`, `image/png`, `image/webp` or `image/avif`.
    #[schema(value_type = String, required, example = "image/webp")]
    content_type: Field<String>,
    /// The file's size.
    #[schema(value_type = i64, required, minimum = 1, maximum = 10_485_760)]
    bytes: Field<i64>,
    /// What the picture shows, for those who do not see it.
    #[schema(value_type = Option<String>, nullable = false, max_length = 300, example = "The shirt from behind")]
    alt: Field<String>,
    /// Its place among the product's pictures, from 0 on; by default, and beyond the end, the last one.
    #[schema(value_type = Option<u16>, nullable = false, minimum = 0)]
    position: Field<u16>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What is wished for, checked.
struct Wish {
    content_type: ImageType,
    size: ImageSize,
    alt: Alt,
    position: Option<u16>,
}

impl CreateImageUploadBody {
    fn check(self) -> Result<Wish, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let content_type = errors.word("content_type", self.content_type, ImageType::ALL);
        let size = errors.required("bytes", self.bytes, ImageSize::new);
        let alt = errors.optional("alt", self.alt, |text| Alt::parse(&text));
        let position = errors.optional_value("position", self.position);
        let wish = content_type.zip(size).map(|(content_type, size)| Wish {
            content_type,
            size,
            alt: alt.unwrap_or_default(),
            position,
        });
        errors.finish(wish)
    }
}

impl Wish {
    fn promised(&self) -> Promised<'static> {
        Promised {
            content_type: Some(self.content_type.as_str()),
            bytes: u64::try_from(self.size.bytes()).ok(),
            once: true,
        }
    }

    fn of(
        self,
        product: ProductId,
        id: ImageId,
        url: String,
        upload_until: DateTime<Utc>,
    ) -> RequestUpload {
        RequestUpload {
            id,
            product,
            content_type: self.content_type,
            size: self.size,
            alt: self.alt,
            position: self.position,
            url,
            upload_until,
        }
    }
}

/// The promised picture, and where it goes.
#[derive(Serialize, ToSchema)]
#[schema(as = ImageUpload)]
struct ImageUploadBody {
    image: StaffImageBody,
    upload: UploadBody,
    /// The product's version now, for the next `If-Match`.
    version: i64,
}

impl ImageUploadBody {
    fn new(promised: Changed, upload: Presigned) -> Self {
        Self {
            image: promised.image.into(),
            version: promised.version,
            upload: upload.into(),
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    paths(handle),
    components(schemas(CreateImageUploadBody, ImageUploadBody, ProblemBody))
)]
struct Api;
