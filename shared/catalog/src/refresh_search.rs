//! Bringing up to date what a product is found by.

use database::{DatabaseError, PgConnection};
use domain::ProductId;

use crate::store;

/// Recomputes what is derived of a product: its lowest price, what a search finds it by, and the words
/// that a search knows. Triggers keep all of this with each change (migrations/0013), so that this
/// changes nothing unless something went past them; safe at any time, and for a product that is gone.
///
/// # Errors
/// [`DatabaseError`].
pub async fn refresh_search(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<(), DatabaseError> {
    store::refresh(connection, product).await
}
