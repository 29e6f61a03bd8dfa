//! A category was made, changed, moved or removed.

use desk::{Fail, Inbound};
use domain::CategoryId;

use super::Sync;

/// Makes the copies agree with the tree.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, _message: &Inbound, _category: CategoryId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
