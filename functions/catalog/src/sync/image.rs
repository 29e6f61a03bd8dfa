//! A picture was promised, or removed: the bucket is asked, or told.

use desk::{Fail, Inbound};
use domain::ImageId;
use merchandising::image::{self, Awaited, Gone, Waiting};
use storage::Key;

use super::Sync;
use crate::images::{Seen, look};

/// Asks whether a promised picture has come, and asks again until it can come no more; or deletes the
/// object of one that was removed. No transaction is open while the bucket is asked. May be called any
/// number of times.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn awaited(app: &Sync, message: &Inbound, id: ImageId) -> Result<(), Fail> {
    let open = image::awaited(&mut *app.database.connection().await?, id).await?;
    match open {
        Awaited::Upload(waiting) => upload(app, message, &waiting).await,
        Awaited::Removal(gone) => removal(app, message, &gone).await,
        Awaited::Nothing => Ok(()),
    }
}

async fn upload(app: &Sync, message: &Inbound, waiting: &Waiting) -> Result<(), Fail> {
    let (seen, cause) = (look(&app.storage, waiting).await?, &message.cause);
    let mut tx = app.database.begin().await?;
    let mut received = None;
    match (seen, waiting.next_question(cause.at)) {
        (Seen::AsPromised, _) => received = image::receive(&mut tx, cause, waiting.id).await?,
        (Seen::Otherwise(mismatch), _) => {
            tracing::warn!(image = %waiting.id, what = mismatch.as_str(), "not the picture that was promised");
            image::withdraw(&mut tx, cause, waiting.id, Some(mismatch)).await?;
        }
        (Seen::Nothing, Some(pause)) => {
            image::ask_again(&mut tx, cause, waiting.id, message.message_id, pause).await?;
        }
        (Seen::Nothing, None) => drop(image::withdraw(&mut tx, cause, waiting.id, None).await?),
    }
    tx.commit().await?;
    if received.is_some() {
        app.drop_copies().await;
    }
    Ok(())
}

async fn removal(app: &Sync, message: &Inbound, gone: &Gone) -> Result<(), Fail> {
    app.storage.delete(&Key::new(gone.key.as_str())?).await?;
    let cause = &message.cause;
    let mut tx = app.database.begin().await?;
    match gone.once_more(cause.at) {
        Some(pause) => image::ask_again(&mut tx, cause, gone.id, message.message_id, pause).await?,
        None => image::forget(&mut tx, gone.id).await?,
    }
    tx.commit().await?;
    Ok(())
}
