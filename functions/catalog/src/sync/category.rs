//! A category was made, changed, moved or removed.

use desk::{Fail, Inbound};
use domain::CategoryId;

use super::Sync;

/// Makes the copies agree with the tree. Such messages are rare, and each is an occasion to merge what was
/// written of how many products the categories have.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, _message: &Inbound, _category: CategoryId) -> Result<(), Fail> {
    app.drop_copies().await;
    let mut connection = app.database.connection().await?;
    catalog::compact_category_counts(&mut connection).await?;
    Ok(())
}
