//! A picture was promised.

use desk::{Fail, Inbound};
use domain::ImageId;

use super::Sync;

/// Asks whether the picture has come.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn awaited(app: &Sync, _message: &Inbound, _image: ImageId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
