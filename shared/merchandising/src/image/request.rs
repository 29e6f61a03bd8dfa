//! A picture is promised.

use chrono::{DateTime, Utc};
use database::PgConnection;
use database::audit::{Change, record};
use domain::{Cause, ImageId, ProductId};
use serde_json::json;

use super::product::{FIRST_QUESTION, Locked, announce_question};
use super::{Alt, Changed, Image, ImageError, ImageSize, ImageType, MOST_IMAGES, order, store};

/// A picture that will be uploaded.
#[derive(Debug, Clone)]
pub struct RequestUpload {
    /// A new identity.
    pub id: ImageId,
    /// Whose picture it will be.
    pub product: ProductId,
    /// Its type.
    pub content_type: ImageType,
    /// Its size.
    pub size: ImageSize,
    /// What it shows.
    pub alt: Alt,
    /// Its place; by default the last one.
    pub position: Option<u16>,
    /// Its public address: the bucket's, with [`key_of`] it.
    pub url: String,
    /// When the address for uploading it stops working.
    pub upload_until: DateTime<Utc>,
}

/// The object of a picture. It is named by the picture, so that no object is ever another one and caches
/// may keep it for ever.
#[must_use]
pub fn key_of(product: ProductId, id: ImageId, content_type: ImageType) -> String {
    format!("products/{product}/{id}.{}", content_type.extension())
}

/// Promises a picture. Customers see nothing of it yet. The row, the new version of the product, the audit
/// row and the question whether it has come (`image.requested`, first after two seconds) are one commit.
///
/// # Errors
/// [`ImageError::NotFound`] for no product, [`ImageError::TooMany`], or the database. Nothing is written.
pub async fn request_upload(
    connection: &mut PgConnection,
    cause: &Cause,
    command: RequestUpload,
) -> Result<Changed, ImageError> {
    let product = Locked::take(connection, command.product).await?;
    if product.images.len() >= MOST_IMAGES {
        return Err(ImageError::TooMany);
    }
    let mut order = product.order();
    order::put(&mut order, command.id, command.position);
    let image = promised(command, &order);
    store::insert(connection, &image, cause.at).await?;
    store::renumber(connection, &order).await?;
    let version = product.count_up(connection, cause.at).await?;
    let after = json!({
        "product_id": image.product_id, "key": image.key, "content_type": image.content_type,
        "bytes": image.bytes, "alt": image.alt, "position": image.position,
    });
    let change = Change {
        action: "image.requested",
        entity: "image",
        id: image.id.uuid(),
        before: None,
        after: Some(after),
    };
    record(connection, cause, &change).await?;
    announce_question(connection, cause, image.id, FIRST_QUESTION).await?;
    let seen = false;
    Ok(Changed {
        image,
        version,
        seen,
    })
}

fn promised(command: RequestUpload, order: &[ImageId]) -> Image {
    let place = order
        .iter()
        .position(|id| *id == command.id)
        .unwrap_or_default();
    Image {
        id: command.id,
        product_id: command.product,
        position: i32::try_from(place).unwrap_or(i32::MAX),
        url: command.url,
        alt: command.alt.as_str().to_owned(),
        key: Some(key_of(command.product, command.id, command.content_type)),
        content_type: Some(command.content_type.to_string()),
        bytes: Some(command.size.bytes()),
        uploaded_at: None,
        upload_until: Some(command.upload_until),
    }
}
