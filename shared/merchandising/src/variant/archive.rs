//! Taking a variant off sale.

use database::{PgConnection, audit};
use domain::{Cause, Event, ProductStatus, VariantId, Version};
use serde_json::json;

use super::{Variant, store};
use crate::announce::announce;
use crate::product::{self, ProductError};

/// Archives a variant: nobody can order it any more, what was ordered stays. One that is archived already
/// stays as it is, and nothing is written; answers whether anything was. The last variant of a published
/// product stays: the product is archived, or made a draft, first.
///
/// # Errors
/// [`ProductError`]; the transaction must then be given up.
pub async fn archive(
    connection: &mut PgConnection,
    cause: &Cause,
    variant: VariantId,
    version: Version,
) -> Result<bool, ProductError> {
    let (product, before) = super::lock(connection, variant).await?;
    version.must_be(before.version)?;
    if !before.is_live() {
        return Ok(false);
    }
    if product.status == ProductStatus::Published && product.live_variants().count() == 1 {
        return Err(ProductError::NothingToSell);
    }
    let after = Variant {
        archived_at: Some(cause.at),
        ..before
    };
    store::update(connection, cause, &after).await?;
    product::count_up(connection, cause, product.id).await?;
    let archived = audit::Change {
        action: "variant.archived",
        entity: "variant",
        id: variant.uuid(),
        before: Some(json!({ "archived_at": null })),
        after: Some(json!({ "archived_at": after.archived_at })),
    };
    audit::record(connection, cause, &archived).await?;
    let product_id = product.id;
    announce(
        connection,
        cause,
        Event::ProductUpdated { product_id },
        None,
    )
    .await?;
    Ok(true)
}
