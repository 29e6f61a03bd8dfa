//! Asking for a message to be sent.

use database::outbox::announce;
use database::{DatabaseError, PgConnection};
use domain::{Cause, Event, NotificationId, OrderId};
use sealing::{Sealer, SealingError};

use crate::{Letter, store};

/// Why a message was not requested, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// Its personal data could not be sealed or opened.
    #[error("a message's personal data could not be sealed or opened")]
    Sealing(#[from] SealingError),
    /// The database.
    #[error("a message could not be written or read")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    NotificationError {}
    from { Sealing, Database }
}

/// Requests a message in the caller's transaction: its row and its announcement, or neither. The
/// message of one occasion (a kind, a channel and what `occasion` names) is requested once; asking
/// again does nothing. `order` is the order that it is about, if it is about one.
///
/// # Errors
/// [`NotificationError`].
pub async fn request(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    order: impl Into<Option<OrderId>>,
    occasion: &str,
    letter: &Letter,
) -> Result<(), NotificationError> {
    let id = NotificationId::new();
    let channel = letter.recipient.channel();
    let dedupe_key = format!("{}:{}:{occasion}", letter.content.kind(), channel.as_str());
    let row = id.uuid();
    let recipient = sealer.seal(store::place_of("recipient", &row), &letter.recipient)?;
    let data = sealer.seal(store::place_of("data", &row), &letter.content)?;
    let new = store::NewRow {
        id,
        order: order.into(),
        letter,
        dedupe_key: &dedupe_key,
        recipient,
        data,
    };
    if store::insert(&mut *connection, cause, &new).await? {
        let event = Event::NotificationRequested {
            notification_id: id,
        };
        announce(connection, cause.at, &cause.correlation_id, &[event.into()]).await?;
    }
    Ok(())
}
