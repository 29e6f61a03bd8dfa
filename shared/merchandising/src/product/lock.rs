//! The lock under which a product, its options, variants and pictures change.

use database::{DatabaseError, PgConnection};
use domain::{Cause, ProductId, Version};

use super::{Product, ProductError, read, store};

/// Locks a product and reads it; whatever hangs on it is then changed by nobody else until the
/// transaction ends. To be called before any other row is locked.
///
/// # Errors
/// [`ProductError::NotFound`], and those of the database.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Product, ProductError> {
    // What hangs on it is read by statements that begin after the lock is held.
    if !store::lock(connection, product).await? {
        return Err(ProductError::NotFound);
    }
    read::find(connection, product).await
}

/// [`lock`] for a change that is made of a version.
///
/// # Errors
/// [`ProductError::Stale`], and those of [`lock`].
pub(super) async fn lock_version(
    connection: &mut PgConnection,
    product: ProductId,
    version: Version,
) -> Result<Product, ProductError> {
    let product = lock(connection, product).await?;
    version.must_be(product.version)?;
    Ok(product)
}

/// Counts the version of a locked product up, because something has changed that hangs on it; answers
/// the new version.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn count_up(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
) -> Result<i64, DatabaseError> {
    store::count_up(connection, cause, product).await
}
