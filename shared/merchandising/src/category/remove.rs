//! Removing a category.

use database::{PgConnection, audit};
use domain::{CategoryId, Cause, Event, Version};

use super::{CategoryError, store};
use crate::announce::announce;

/// Removes a category in which nothing stands: no category, and no product, archived ones included (they
/// may come back, and their orders name where they stood).
///
/// # Errors
/// [`CategoryError`]; the transaction must then be given up.
pub async fn remove(
    connection: &mut PgConnection,
    cause: &Cause,
    category: CategoryId,
    version: Version,
) -> Result<(), CategoryError> {
    store::lock_tree(connection).await?;
    let before = store::lock(connection, category).await?;
    let before = before.ok_or(CategoryError::NotFound)?;
    version.must_be(before.version)?;
    if !store::is_empty(connection, category).await? {
        return Err(CategoryError::NotEmpty);
    }
    store::delete(connection, category).await?;
    let removed = audit::Change {
        action: "category.deleted",
        entity: "category",
        id: category.uuid(),
        before: Some(before.audited()),
        after: None,
    };
    audit::record(connection, cause, &removed).await?;
    let category_id = category;
    announce(
        connection,
        cause,
        Event::CategoryUpdated { category_id },
        None,
    )
    .await?;
    Ok(())
}
