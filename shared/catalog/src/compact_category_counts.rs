//! Merging what is known of how many products each category has.

use database::{DatabaseError, PgConnection};

use crate::store_categories;

/// Merges the changes of the categories' counts that are effective for everybody, one row a category
/// remaining; answers how many rows are gone. Changes no count at any moment, also while products are
/// changed and while somebody else does the same; to be repeated whenever there is time. One statement,
/// that writes nothing where there is nothing to merge.
///
/// # Errors
/// [`DatabaseError`].
pub async fn compact_category_counts(connection: &mut PgConnection) -> Result<u64, DatabaseError> {
    store_categories::compact_counts(connection).await
}
