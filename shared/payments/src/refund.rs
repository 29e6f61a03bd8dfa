//! Money on its way back.

use database::{DatabaseError, PgConnection};
use domain::{
    Cause, Money, OrderId, PaymentId, PaymentReference, RefundId, RefundReason, RefundStatus,
};

use crate::outcome::TransitionError;
use crate::store_refunds;

/// A refund about to be recorded.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// Its identity.
    pub id: RefundId,
    /// The payment it undoes.
    pub payment: PaymentId,
    /// Its order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
}

/// A refund as it stands.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Its identity.
    pub id: RefundId,
    /// The payment it undoes.
    pub payment: PaymentId,
    /// That payment's name at the provider.
    pub reference: PaymentReference,
    /// The provider's id of that payment.
    pub transaction_id: i64,
    /// Its order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// Where it stands.
    pub status: RefundStatus,
    /// The provider's id of it, once known.
    pub provider_id: Option<i64>,
}

/// What the provider says of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundProgress {
    /// The provider's id of it.
    pub provider_id: Option<i64>,
    /// Where it stands.
    pub status: RefundStatus,
}

/// A refund.
///
/// # Errors
/// [`DatabaseError::Missing`] where there is none.
pub async fn find_refund(
    connection: &mut PgConnection,
    id: RefundId,
) -> Result<Refund, DatabaseError> {
    store_refunds::find(connection, id).await
}

/// The refunds of a payment that are not at their end.
///
/// # Errors
/// [`DatabaseError`].
pub async fn open_refunds_of(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Vec<RefundId>, DatabaseError> {
    store_refunds::open_of(connection, reference).await
}

/// Takes on asking the provider: from here on the outcome is unclear until it is known. Answers
/// whether it was taken; a refund found `sending` was interrupted, and is looked up first.
///
/// # Errors
/// [`DatabaseError`].
pub async fn begin_sending(
    connection: &mut PgConnection,
    cause: &Cause,
    refund: &Refund,
) -> Result<bool, DatabaseError> {
    store_refunds::begin_sending(connection, cause, refund).await
}

/// Notes what the provider says, and that the payment went back where it did. The same progress
/// told twice does nothing. Answers whether the refund has just been processed.
///
/// # Errors
/// [`TransitionError`].
pub async fn advance_refund(
    connection: &mut PgConnection,
    cause: &Cause,
    id: RefundId,
    progress: RefundProgress,
) -> Result<bool, TransitionError> {
    let refund = store_refunds::lock(connection, id).await?;
    let known = progress.provider_id.or(refund.provider_id);
    if refund.status == progress.status && refund.provider_id == known {
        return Ok(false);
    }
    refund.status.become_(progress.status)?;
    store_refunds::advance(connection, cause, &refund, known, progress.status).await?;
    let processed = progress.status == RefundStatus::Processed && refund.status != progress.status;
    if processed {
        store_refunds::close_payment(connection, cause, refund.payment).await?;
    }
    Ok(processed)
}
