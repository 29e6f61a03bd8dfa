//! Pictures as staff see them, and the look into the bucket whether one has come.

use chrono::{DateTime, Utc};
use domain::ImageId;
use merchandising::image::{Changed, Image, Mismatch, PEEKED, Waiting};
use serde::Serialize;
use storage::{Key, KeyError, Storage, StorageError};
use utoipa::ToSchema;

/// A picture of a product, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffImage)]
pub struct StaffImageBody {
    /// Its identity.
    #[schema(value_type = Uuid)]
    pub id: ImageId,
    /// Its public address; there is nothing before it was uploaded.
    pub url: String,
    /// What it shows.
    pub alt: String,
    /// Its place among the product's pictures, from 0 on; lists show the first.
    pub position: i32,
    /// `awaited` or `uploaded`; customers see what is uploaded.
    #[schema(value_type = String, example = "uploaded")]
    pub status: &'static str,
    /// Its media type; null for a picture that was not uploaded here.
    pub content_type: Option<String>,
    /// Its size; null for a picture that was not uploaded here.
    pub bytes: Option<i64>,
    /// When it came.
    pub uploaded_at: Option<DateTime<Utc>>,
}

impl From<Image> for StaffImageBody {
    fn from(image: Image) -> Self {
        Self {
            id: image.id,
            url: image.url,
            alt: image.alt,
            position: image.position,
            status: if image.uploaded_at.is_some() {
                "uploaded"
            } else {
                "awaited"
            },
            content_type: image.content_type,
            bytes: image.bytes,
            uploaded_at: image.uploaded_at,
        }
    }
}

/// A picture that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedImage)]
pub struct ChangedImageBody {
    /// The picture.
    pub image: StaffImageBody,
    /// The product's version now, for the next `If-Match`.
    pub version: i64,
}

impl From<Changed> for ChangedImageBody {
    fn from(changed: Changed) -> Self {
        Self {
            image: changed.image.into(),
            version: changed.version,
        }
    }
}

/// What the bucket has of a promised picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing yet.
    Nothing,
    /// What was promised.
    AsPromised,
    /// Something else.
    Otherwise(Mismatch),
}

/// Why the bucket could not be asked about a picture.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The picture's object has no usable name.
    #[error("the picture's key is none")]
    Key(#[from] KeyError),
    /// The bucket.
    #[error("the bucket cannot be asked about the picture")]
    Storage(#[from] StorageError),
}

domain::fault! {
    LookError {}
    from { Key, Storage }
}

/// Looks into the bucket whether a promised picture has come: its size, and its first bytes, which must be
/// those of its type. What it calls itself is the uploader's word and is not asked.
///
/// # Errors
/// [`LookError`].
pub async fn look(storage: &Storage, waiting: &Waiting) -> Result<Seen, LookError> {
    let key = Key::new(waiting.key.as_str())?;
    let Some(object) = storage.find(&key).await? else {
        return Ok(Seen::Nothing);
    };
    let beginning = storage
        .read_piece(&key, 0, PEEKED, Some(&object.etag))
        .await?;
    let kept = waiting.is_kept_by(object.bytes, &beginning.bytes);
    Ok(kept.map_or_else(Seen::Otherwise, |()| Seen::AsPromised))
}
