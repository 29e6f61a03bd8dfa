//! Taking a product out of the catalogue.

use database::{PgConnection, audit};
use domain::{Cause, Event, ProductId, ProductStatus, Version};
use serde_json::json;

use super::{ProductError, lock::lock_version, store};
use crate::announce::announce;

/// Archives a product: customers see it no longer, its orders keep it, and staff may make a draft of it
/// again. One that is archived already stays as it is, and nothing is written; answers whether anything
/// was.
///
/// # Errors
/// [`ProductError`]; the transaction must then be given up.
pub async fn archive(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
    version: Version,
) -> Result<bool, ProductError> {
    let before = lock_version(connection, product, version).await?;
    let status = before.status.become_(ProductStatus::Archived)?;
    if status == before.status {
        return Ok(false);
    }
    store::set_status(connection, cause, product, status).await?;
    let archived = audit::Change {
        action: "product.archived",
        entity: "product",
        id: product.uuid(),
        before: Some(json!({ "status": before.status })),
        after: Some(json!({ "status": status })),
    };
    audit::record(connection, cause, &archived).await?;
    let product_id = product;
    announce(
        connection,
        cause,
        Event::ProductArchived { product_id },
        None,
    )
    .await?;
    Ok(true)
}
