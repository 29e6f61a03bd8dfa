//! A picture is described or moved.

use database::PgConnection;
use database::audit::{self, difference};
use domain::{Cause, ImageId, ProductId, Version};
use serde_json::{Value, json};

use super::product::{Locked, announce_seen};
use super::{Alt, Changed, Image, ImageError, order, store};

/// What is to change; absent means that it stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeImage {
    /// What it shows.
    pub alt: Option<Alt>,
    /// Its place among the product's pictures; beyond the end means last.
    pub position: Option<u16>,
    /// Whether the bucket was just seen to hold what was promised.
    pub has_come: bool,
}

/// Describes or moves a picture of a product that is at the version `expected`. The change, the new
/// version, the audit row and `product.updated` (where customers see the difference) are one commit. A
/// change that changes nothing writes nothing.
///
/// # Errors
/// [`ImageError::NotFound`] for no such picture of this product, [`ImageError::Stale`], or the database.
/// Nothing is written.
pub async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    (product, image): (ProductId, ImageId),
    expected: Version,
    command: &ChangeImage,
) -> Result<Changed, ImageError> {
    let product = Locked::take(connection, product).await?;
    let before = product.image(image)?;
    expected.must_be(product.version)?;
    let mut order = product.order();
    if command.position.is_some() {
        order::put(&mut order, image, command.position);
    }
    let image = changed(&before, command, &order, cause);
    let Some((was, is)) = difference(&shown(&before), &shown(&image)) else {
        let version = product.version;
        return Ok(Changed {
            image,
            version,
            seen: false,
        });
    };
    store::update(connection, &image).await?;
    store::renumber(connection, &order).await?;
    let version = product.count_up(connection, cause.at).await?;
    let row = audit::Change {
        action: "image.updated",
        entity: "image",
        id: image.id.uuid(),
        before: Some(was),
        after: Some(is),
    };
    audit::record(connection, cause, &row).await?;
    // A place that an awaited picture leaves moves those that are seen, but not against each other.
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

fn changed(before: &Image, command: &ChangeImage, order: &[ImageId], cause: &Cause) -> Image {
    let place = order
        .iter()
        .position(|id| *id == before.id)
        .unwrap_or_default();
    let alt = command.alt.as_ref().map(|alt| alt.as_str().to_owned());
    let came = command.has_come.then_some(cause.at);
    Image {
        alt: alt.unwrap_or_else(|| before.alt.clone()),
        position: i32::try_from(place).unwrap_or(i32::MAX),
        uploaded_at: before.uploaded_at.or(came),
        ..before.clone()
    }
}

/// What an audit row tells of a picture.
fn shown(image: &Image) -> Value {
    json!({
        "alt": image.alt,
        "position": image.position,
        "uploaded_at": image.uploaded_at,
    })
}
