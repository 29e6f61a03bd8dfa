//! Writing a new order down.

use database::{DatabaseError, PgConnection};
use domain::{Cause, Channel, PaymentStatus};
use sealing::{Sealer, SealingError};

use crate::{NewOrder, store};

/// Why an order was not written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Another order drew the same number; place it again with another.
    #[error("the order number is taken")]
    NumberTaken,
    /// The customer or the address could not be sealed.
    #[error("the order's personal data could not be sealed")]
    Sealing(#[from] SealingError),
    /// The database.
    #[error("the order could not be written")]
    Database(#[source] DatabaseError),
}

impl From<DatabaseError> for PlaceError {
    fn from(error: DatabaseError) -> Self {
        match error.constraint() {
            Some("orders_number_key") => Self::NumberTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

domain::fault! {
    PlaceError {
        NumberTaken => Unavailable "try_again",
    }
    from { Sealing, Database }
}

/// Writes an order with its lines and the first entry of its timeline, in one statement. Atomic with
/// whatever else the caller's transaction holds; not idempotent by itself.
///
/// # Errors
/// [`PlaceError`].
pub async fn place(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    order: &NewOrder,
) -> Result<(), PlaceError> {
    let payment_status = match order.channel {
        Channel::OnDelivery => PaymentStatus::OnDelivery,
        Channel::Card | Channel::BankTransfer | Channel::Ussd => PaymentStatus::Pending,
    };
    store::insert(connection, cause, sealer, order, payment_status).await
}
