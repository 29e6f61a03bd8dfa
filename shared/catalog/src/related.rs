//! What else there is of a product's kind.

use database::{DatabaseError, PgConnection};
use domain::CategoryId;

use crate::{ListedProduct, Product, store_dressed, store_related};

/// How many related products are shown at most.
pub const RELATED: i64 = 8;

/// Products on sale that stand near a product: those of its category that were published next to it,
/// then the newest of the categories around. Two statements.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn related(
    connection: &mut PgConnection,
    product: &Product,
    category: CategoryId,
) -> Result<Vec<ListedProduct>, DatabaseError> {
    let found = store_related::related(connection, product, category, RELATED).await?;
    store_dressed::dressed(connection, found).await
}
