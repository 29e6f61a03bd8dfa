//! A picture is taken away.

use std::time::Duration;

use database::audit::{Change, record};
use database::{DatabaseError, PgConnection};
use domain::{Cause, ImageId, ProductId, Version};
use serde_json::json;

use super::product::{Locked, announce_question, announce_seen};
use super::{Changed, Image, ImageError, store};

/// Removes a picture from a product that is at the version `expected`. The removal, the note of its object,
/// the new version, the audit row, `image.requested` (at which the object is deleted) and `product.updated`
/// (where customers saw it) are one commit.
///
/// # Errors
/// [`ImageError::NotFound`] for no such picture of this product, [`ImageError::Stale`], or the database.
/// Nothing is written.
pub async fn remove(
    connection: &mut PgConnection,
    cause: &Cause,
    (product, image): (ProductId, ImageId),
    expected: Version,
) -> Result<Changed, ImageError> {
    let product = Locked::take(connection, product).await?;
    let image = product.image(image)?;
    expected.must_be(product.version)?;
    let version = take_out(
        connection,
        cause,
        &product,
        &image,
        "image.deleted",
        "deleted",
    )
    .await?;
    let seen = image.uploaded_at.is_some();
    if seen {
        announce_seen(connection, cause, product.id).await?;
    }
    Ok(Changed {
        image,
        version,
        seen,
    })
}

/// Takes a picture out of a locked product; answers the product's new version.
pub(super) async fn take_out(
    connection: &mut PgConnection,
    cause: &Cause,
    product: &Locked,
    image: &Image,
    action: &str,
    reason: &str,
) -> Result<i64, DatabaseError> {
    store::delete(connection, image.id).await?;
    let mut order = product.order();
    order.retain(|other| *other != image.id);
    store::renumber(connection, &order).await?;
    let version = product.count_up(connection, cause.at).await?;
    let before = json!({
        "product_id": product.id, "url": image.url, "key": image.key, "alt": image.alt,
        "position": image.position, "uploaded_at": image.uploaded_at,
    });
    let change = Change {
        action,
        entity: "image",
        id: image.id.uuid(),
        before: Some(before),
        after: Some(json!({ "reason": reason })),
    };
    record(connection, cause, &change).await?;
    if let (Some(key), Some(until)) = (&image.key, image.upload_until) {
        store::note_object(connection, image.id, key, until, cause.at).await?;
        announce_question(connection, cause, image.id, Duration::ZERO).await?;
    }
    Ok(version)
}
