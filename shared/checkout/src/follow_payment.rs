//! Seeing to it that an attempt can be paid, and that its outcome is found even if nobody tells.

use database::outbox::Announcement;
use database::{DatabaseError, first_time, outbox, was_worked};
use domain::{Cause, Event, PaymentReference};
use notifications::{Channel, Content};
use payments::Attempt;
use uuid::Uuid;

use crate::open_payment::{Claim, OpenPaymentError, Opening, open_payment};
use crate::resources::Resources;
use crate::tell::{TellError, tell_customer};

/// Why an attempt could not be followed. Nothing was recorded; try again.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Somebody else is telling the provider; its outcome is known shortly.
    #[error("somebody else is opening the payment")]
    Busy,
    /// It could not be opened.
    #[error("the payment could not be opened")]
    Open(#[from] OpenPaymentError),
    /// The customer could not be told.
    #[error("the customer could not be told where to pay")]
    Tell(#[from] TellError),
    /// The database.
    #[error("the payment could not be followed")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    FollowError {
        Busy => Unavailable "busy",
    }
    from { Open, Tell, Database }
}

/// Works the message that a payment was begun: opens it with the provider if that has not happened
/// (and then mails the customer where to pay, since no answer told them), and schedules the checks
/// that find its outcome when no webhook comes. Once for each message.
///
/// # Errors
/// [`FollowError`].
pub async fn follow_payment(
    shop: &Resources,
    cause: &Cause,
    message_id: Uuid,
    reference: &PaymentReference,
) -> Result<(), FollowError> {
    if was_worked(
        &mut *shop.database.connection().await?,
        &cause.actor,
        message_id,
    )
    .await?
    {
        return Ok(());
    }
    let opened = match open_payment(shop, cause, reference, Claim::Take).await? {
        Opening::Opened(attempt) => Some(attempt),
        // A replacement announces itself, and is followed by its own message.
        Opening::Already(_) | Opening::Replaced(_) => None,
        Opening::Busy(_) => return Err(FollowError::Busy),
    };
    let mut tx = shop.database.begin().await?;
    if !first_time(&mut tx, &cause.actor, message_id).await? {
        return Ok(());
    }
    let check = || Event::PaymentCheck {
        reference: reference.clone(),
    };
    let checks: Vec<_> = shop
        .terms
        .checks
        .iter()
        .map(|delay| Announcement::after(*delay, check()))
        .collect();
    outbox::announce(&mut tx, cause.at, &cause.correlation_id, &checks).await?;
    if let Some(Attempt {
        order,
        authorization_url: Some(url),
        ..
    }) = opened
    {
        let (occasion, channels) = (reference.as_str(), [Channel::Email, Channel::Sms]);
        tell_customer(
            &mut tx,
            cause,
            &shop.sealer,
            order,
            occasion,
            &channels,
            |order| Content::PayNow {
                order,
                url: url.clone(),
            },
        )
        .await?;
    }
    Ok(tx.commit().await?)
}
