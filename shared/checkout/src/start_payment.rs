//! A further attempt to pay an order.

use database::idempotency::{Begun, IdempotencyError, IdempotencyKey};
use database::{DatabaseError, PgConnection, idempotency, outbox};
use domain::{
    Cause, Channel, Event, Money, OrderId, OrderStatus, PaymentId, PaymentReference, PaymentStatus,
};
use orders::LockedOrder;
use payments::NewAttempt;

use crate::open_payment::LEASE;

/// A customer's wish to pay (again).
#[derive(Debug, Clone, Copy)]
pub struct StartPayment {
    /// The order.
    pub order: OrderId,
    /// How.
    pub channel: Channel,
}

/// Why no attempt was begun.
#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    /// The order is not waiting for money.
    #[error("the order is not waiting for a payment: it is {status} and {payment_status}")]
    NotPayable {
        /// Where it stands.
        status: OrderStatus,
        /// What is known of its money.
        payment_status: PaymentStatus,
    },
    /// The rider's money cannot be begun.
    #[error("payment on delivery cannot be started online")]
    OnDelivery,
    /// The idempotency key.
    #[error(transparent)]
    Key(#[from] IdempotencyError),
    /// The database.
    #[error("the payment could not be recorded")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    StartPaymentError {
        NotPayable => Conflict "not_payable",
        OnDelivery => Invalid "invalid_channel",
    }
    from { Key, Database }
}

/// Records a further attempt for what is still owed, with its own reference; the former ones stay
/// mapped and watched. Answers [`Begun::New`] with the claim held by the caller, or what an earlier
/// request with the same key made.
///
/// # Errors
/// [`StartPaymentError`]; the caller gives its transaction up.
pub async fn start_payment(
    connection: &mut PgConnection,
    cause: &Cause,
    key: &IdempotencyKey,
    wish: StartPayment,
) -> Result<(Begun, PaymentReference), StartPaymentError> {
    let id = PaymentId::new();
    let reference = PaymentReference::random();
    let begun = idempotency::begin(&mut *connection, cause.at, key, id.uuid()).await?;
    if begun != Begun::New {
        return Ok((begun, reference));
    }
    let order = orders::lock(&mut *connection, wish.order).await?;
    let expires_at = payable_until(cause, &order, wish.channel)?;
    let nothing = Money::zero(order.total.currency());
    let credited = payments::credited_by_others(&mut *connection, order.id, id, nothing).await?;
    let missing = order.total.less(credited).map_err(DatabaseError::from)?;
    let attempt = NewAttempt {
        id,
        order: order.id,
        reference: reference.clone(),
        channel: wish.channel,
        amount: missing,
        expires_at,
        initialising_until: Some(cause.at + LEASE),
    };
    payments::record(&mut *connection, cause, &attempt).await?;
    let event = Event::PaymentRequested {
        reference: reference.clone(),
    };
    outbox::announce(connection, cause.at, &cause.correlation_id, &[event.into()]).await?;
    Ok((Begun::New, reference))
}

/// An order takes money while it is open and something is missing. What is underpaid is held, so
/// its rest can be paid without haste.
fn payable_until(
    cause: &Cause,
    order: &LockedOrder,
    channel: Channel,
) -> Result<chrono::DateTime<chrono::Utc>, StartPaymentError> {
    if channel == Channel::OnDelivery {
        return Err(StartPaymentError::OnDelivery);
    }
    let (status, payment_status) = (order.status, order.payment_status);
    let refused = Err(StartPaymentError::NotPayable {
        status,
        payment_status,
    });
    match (status, payment_status, order.expires_at) {
        (OrderStatus::Open, PaymentStatus::Unpaid | PaymentStatus::Pending, Some(expires_at))
            if expires_at > cause.at =>
        {
            Ok(expires_at)
        }
        (OrderStatus::Open, PaymentStatus::Underpaid, _) => {
            Ok(cause.at + chrono::TimeDelta::hours(1))
        }
        (
            OrderStatus::Open
            | OrderStatus::Completed
            | OrderStatus::Cancelled
            | OrderStatus::Expired,
            PaymentStatus::Unpaid
            | PaymentStatus::Pending
            | PaymentStatus::Paid
            | PaymentStatus::Underpaid
            | PaymentStatus::Overpaid
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded
            | PaymentStatus::Disputed
            | PaymentStatus::OnDelivery,
            _,
        ) => refused,
    }
}
