//! A file of products waits to be read.

use desk::{Fail, Inbound};
use domain::ImportId;

use super::Sync;

/// Works the next part of the file.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn go_on(app: &Sync, _message: &Inbound, _import: ImportId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
