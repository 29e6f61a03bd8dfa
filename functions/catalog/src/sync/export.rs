//! A file of products waits to be written.

use desk::{Fail, Inbound};
use domain::ExportId;

use super::Sync;

/// Writes the next part of the file.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn go_on(app: &Sync, _message: &Inbound, _export: ExportId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
