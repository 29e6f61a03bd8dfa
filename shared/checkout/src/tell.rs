//! Telling the customer of an order what happened to it.

use database::{DatabaseError, PgConnection};
use domain::{Cause, OrderId};
use notifications::{Channel, Content, Letter, NotificationError, OrderFacts, Recipient};
use orders::ReadError;
use sealing::Sealer;

use crate::facts::order_facts;

/// Why the customer was not told. Nothing was requested.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The order cannot be read.
    #[error("the order to tell about could not be read")]
    Order(#[from] ReadError),
    /// The message could not be requested.
    #[error("the message could not be requested")]
    Notification(#[from] NotificationError),
    /// The database.
    #[error("the customer could not be told")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    TellError {}
    from { Order, Notification, Database }
}

/// Requests one message a channel for one occasion, in the caller's transaction. Safe to repeat: an
/// occasion is told once.
///
/// # Errors
/// [`TellError`].
pub async fn tell_customer(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    order: OrderId,
    occasion: &str,
    channels: &[Channel],
    content: impl Fn(OrderFacts) -> Content,
) -> Result<(), TellError> {
    let read = orders::read(&mut *connection, sealer, order).await?;
    for channel in channels {
        let recipient = match channel {
            Channel::Email => Recipient::Email(read.customer.email.clone()),
            Channel::Sms => Recipient::Sms(read.customer.phone.clone()),
        };
        let letter = Letter {
            recipient,
            content: content(order_facts(&read)),
        };
        notifications::request(&mut *connection, cause, sealer, order, occasion, &letter).await?;
    }
    Ok(())
}
