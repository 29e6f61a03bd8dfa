//! A promised picture has come, or will not come.

use database::PgConnection;
use database::audit::{Change, record};
use domain::{Cause, ImageId};
use serde_json::json;

use super::product::{Locked, announce_seen};
use super::remove::take_out;
use super::{Changed, ImageError, Mismatch, store};

/// Notes that a promised picture has come and is what was promised; customers see it from the commit on.
/// None where it is not awaited (any more): may be called any number of times, by anybody. One commit with
/// the new version of the product, the audit row and `product.updated`.
///
/// # Errors
/// The database.
pub async fn receive(
    connection: &mut PgConnection,
    cause: &Cause,
    image: ImageId,
) -> Result<Option<Changed>, ImageError> {
    let Some(product) = still_awaited(connection, image).await? else {
        return Ok(None);
    };
    let mut image = product.image(image)?;
    image.uploaded_at = Some(cause.at);
    store::update(connection, &image).await?;
    let version = product.count_up(connection, cause.at).await?;
    let change = Change {
        action: "image.uploaded",
        entity: "image",
        id: image.id.uuid(),
        before: Some(json!({ "uploaded_at": null })),
        after: Some(json!({ "uploaded_at": image.uploaded_at })),
    };
    record(connection, cause, &change).await?;
    announce_seen(connection, cause, product.id).await?;
    let seen = true;
    Ok(Some(Changed {
        image,
        version,
        seen,
    }))
}

/// Withdraws a promise that was not kept: something else came (`mismatch`), or nothing in time. Its object
/// is deleted by whoever works the `image.requested` that this announces. None where it is not awaited (any
/// more). One commit with the new version of the product and the audit row, which has the reason.
///
/// # Errors
/// The database.
pub async fn withdraw(
    connection: &mut PgConnection,
    cause: &Cause,
    image: ImageId,
    mismatch: Option<Mismatch>,
) -> Result<Option<Changed>, ImageError> {
    let Some(product) = still_awaited(connection, image).await? else {
        return Ok(None);
    };
    let image = product.image(image)?;
    let reason = mismatch.map_or("never_uploaded", Mismatch::as_str);
    let version = take_out(
        connection,
        cause,
        &product,
        &image,
        "image.withdrawn",
        reason,
    )
    .await?;
    let seen = false;
    Ok(Some(Changed {
        image,
        version,
        seen,
    }))
}

/// The locked product of a picture that is awaited at this moment. Whose it is never changes, so it can be
/// read before the lock; whether it is awaited is read under it.
async fn still_awaited(
    connection: &mut PgConnection,
    image: ImageId,
) -> Result<Option<Locked>, ImageError> {
    let Some(found) = store::find(connection, image).await? else {
        return Ok(None);
    };
    let product = Locked::take(connection, found.product_id).await?;
    let awaited = product
        .images
        .iter()
        .any(|one| one.id == image && one.uploaded_at.is_none());
    Ok(awaited.then_some(product))
}
