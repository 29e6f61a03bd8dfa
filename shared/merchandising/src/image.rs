//! Pictures of products.
//!
//! A picture is promised first ([`request_upload`]): its row says of what type and size it will be, and the
//! browser gets an address for exactly that. It is seen once the bytes have come and are what was promised
//! ([`receive`]); otherwise the promise is withdrawn ([`withdraw`]). What is removed leaves a note of its
//! object until that is deleted ([`forget`]).
//!
//! Every change of a picture is one of its product: it locks the product's row first, and counts its
//! version up. Positions of a product's pictures are 0, 1, 2 … without gaps, those still awaited included.

mod awaited;
mod change;
mod content;
mod order;
mod product;
mod receive;
mod remove;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use awaited::{Awaited, Gone, Waiting, ask_again, awaited, forget};
pub use change::{ChangeImage, change};
pub use content::{Alt, ImageContentError, ImageSize, ImageType, Mismatch, PEEKED};
pub use receive::{receive, withdraw};
pub use remove::remove;
pub use request::{RequestUpload, key_of, request_upload};
pub use store::of_product;

use chrono::{DateTime, Utc};
use database::DatabaseError;
use domain::{ImageId, ProductId, StaleVersion};

/// How many pictures a product has at most, those still awaited included.
pub const MOST_IMAGES: usize = 20;

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its identity.
    pub id: ImageId,
    /// Whose it is.
    pub product_id: ProductId,
    /// Its place among the product's pictures; 0 is the one that lists show.
    pub position: i32,
    /// Its public address.
    pub url: String,
    /// What it shows, for those who do not see it; may be empty.
    pub alt: String,
    /// Its object in the bucket; none where the picture lies elsewhere.
    pub key: Option<String>,
    /// Its media type, where it was uploaded.
    pub content_type: Option<String>,
    /// Its size, where it was uploaded.
    pub bytes: Option<i64>,
    /// When it came; none while it is awaited.
    pub uploaded_at: Option<DateTime<Utc>>,
    /// When the address for uploading it stops working, where there was one.
    pub upload_until: Option<DateTime<Utc>>,
}

/// What was done to a picture, and what that makes of its product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The picture, as it is now, or as it was where it is gone.
    pub image: Image,
    /// The product's version, as it is now.
    pub version: i64,
    /// Whether customers see another catalogue now.
    pub seen: bool,
}

/// Why a picture could not be promised, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// There is no such product, or the product has no such picture.
    #[error("there is no such picture")]
    NotFound,
    /// The product has changed since it was read.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The product has as many pictures as it may have.
    #[error("a product has at most {MOST_IMAGES} pictures; delete one first")]
    TooMany,
    /// The database.
    #[error("pictures cannot be read or written")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ImageError {
        NotFound => NotFound "not_found",
        TooMany => Conflict "too_many_images",
    }
    from { Stale, Database }
}

impl From<sqlx::Error> for ImageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}
