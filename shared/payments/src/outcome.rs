//! What came of an attempt. Every function here wants the attempt's row locked.

use database::{DatabaseError, PgConnection};
use domain::{
    AttemptStatus, Captured, Cause, ForbiddenMove, Mismatch, Money, OrderId, PaymentId, RefundId,
    RefundReason,
};
use serde_json::json;

use crate::attempt::Attempt;
use crate::refund::NewRefund;
use crate::unmatched::{UnmatchedPayment, note_unmatched};
use crate::{store, store_refunds};

/// Money that came: what the provider captured and what of it the shop received.
#[derive(Debug, Clone)]
pub struct Receipt<'a> {
    /// What the provider says.
    pub captured: &'a Captured,
    /// The provider's id of the transaction.
    pub transaction_id: i64,
    /// What the shop received.
    pub received: Money,
    /// What of it is above the debt.
    pub surplus: Money,
}

/// Why an attempt was not moved.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// The table has no such move.
    #[error("the payment cannot go there")]
    Forbidden(#[from] ForbiddenMove),
    /// The database.
    #[error("the payment could not be changed")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    TransitionError {}
    from { Forbidden, Database }
}

/// What the other attempts of an order have credited to it.
///
/// # Errors
/// [`DatabaseError`].
pub async fn credited_by_others(
    connection: &mut PgConnection,
    order: OrderId,
    except: PaymentId,
    nothing: Money,
) -> Result<Money, DatabaseError> {
    store::credited_by_others(connection, order, except, nothing).await
}

/// Credits an attempt to its order.
///
/// # Errors
/// [`TransitionError`].
pub async fn credit(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    receipt: &Receipt<'_>,
) -> Result<(), TransitionError> {
    attempt.status.become_(AttemptStatus::Paid)?;
    Ok(store::receive(connection, cause, attempt, AttemptStatus::Paid, receipt).await?)
}

/// Notes money that its order cannot keep, and a refund of all of it. Answers the refund.
///
/// # Errors
/// [`TransitionError`].
pub async fn give_back(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    receipt: &Receipt<'_>,
    reason: RefundReason,
) -> Result<RefundId, TransitionError> {
    attempt.status.become_(AttemptStatus::Returning)?;
    store::receive(
        connection,
        cause,
        attempt,
        AttemptStatus::Returning,
        receipt,
    )
    .await?;
    let captured = Money::new(receipt.captured.amount, attempt.amount.currency());
    let refund = NewRefund {
        id: RefundId::new(),
        payment: attempt.id,
        order: attempt.order,
        amount: captured.map_err(DatabaseError::from)?,
        reason,
    };
    store_refunds::record(connection, cause, &refund).await?;
    Ok(refund.id)
}

/// Notes that the provider called the attempt failed; it may still turn to success. Told again, it
/// does nothing.
///
/// # Errors
/// [`TransitionError`].
pub async fn fail(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    reason: &str,
) -> Result<(), TransitionError> {
    if attempt.status == AttemptStatus::Failed {
        return Ok(());
    }
    attempt.status.become_(AttemptStatus::Failed)?;
    store::set_status(connection, cause, attempt, AttemptStatus::Failed).await?;
    let detail = json!({ "reason": reason });
    Ok(store::note(connection, cause, attempt.id, "failed", None, &detail).await?)
}

/// Sets money aside that names this attempt but cannot be credited to it: staff decide.
///
/// # Errors
/// [`TransitionError`].
pub async fn set_aside(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    captured: &Captured,
    transaction_id: i64,
    mismatch: Mismatch,
) -> Result<(), TransitionError> {
    attempt.status.become_(AttemptStatus::Unmatched)?;
    store::set_status(connection, cause, attempt, AttemptStatus::Unmatched).await?;
    let unmatched = UnmatchedPayment {
        reference: attempt.reference.as_str(),
        payment: Some(attempt.id),
        reason: mismatch.as_str(),
        amount: captured.amount,
        currency: &captured.currency,
        transaction_id,
    };
    note_unmatched(connection, cause, &unmatched).await?;
    let detail = json!({ "reason": mismatch.as_str(), "amount": captured.amount, "currency": captured.currency });
    Ok(store::note(connection, cause, attempt.id, "unmatched", None, &detail).await?)
}
