//! A product as staff see it, drafts and archived ones too.

use database::PgConnection;
use domain::ProductId;

use super::{Product, ProductError, store};
use crate::{image, variant};

/// Reads a product with all that hangs on it. Three statements.
///
/// # Errors
/// [`ProductError::NotFound`], and those of the database.
pub async fn find(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Product, ProductError> {
    let found = store::find(connection, product).await?;
    let mut found = found.ok_or(ProductError::NotFound)?;
    found.variants = variant::store::of_product(connection, product).await?;
    found.images = image::of_product(connection, product).await?;
    Ok(found)
}
