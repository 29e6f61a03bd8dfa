//! Money under a reference that is not ours.

use domain::Cause;
use notifications::{Activity, tell_staff};
use payments::{UnmatchedPayment, note_unmatched};
use paystack::{PaystackError, TransactionStatus};
use serde_json::json;

use crate::observe::{ProviderError, ask, stored_id};
use crate::outcome::Outcome;
use crate::resources::Resources;
use crate::settle::SettleError;

/// Asks the provider about a reference the shop has never given out. If money was captured under it,
/// staff are told, once; nothing is credited.
///
/// # Errors
/// [`SettleError`]; nothing was noted.
pub async fn note_stray(
    shop: &Resources,
    cause: &Cause,
    reference: &str,
) -> Result<(), SettleError> {
    let transaction = match ask("verify", shop.paystack.verify(reference)).await {
        Ok(transaction) if transaction.status == TransactionStatus::Success => transaction,
        Ok(_) | Err(PaystackError::NotFound) => return Ok(()),
        Err(error) => return Err(ProviderError(error).into()),
    };
    let unmatched = UnmatchedPayment {
        reference,
        payment: None,
        reason: "unknown_reference",
        amount: transaction.amount,
        currency: &transaction.currency,
        transaction_id: stored_id(transaction.id),
    };
    let mut tx = shop.database.begin().await?;
    let first = note_unmatched(&mut tx, cause, &unmatched).await?;
    if first {
        let detail = json!({
            "reference": reference,
            "reason": unmatched.reason,
            "amount": transaction.amount,
            "currency": transaction.currency,
        });
        let activity = Activity {
            kind: "payment_unmatched",
            alert: true,
            detail,
        };
        tell_staff(&mut tx, cause, &activity).await?;
    }
    tx.commit().await?;
    if first {
        Outcome::Unmatched.count();
    }
    Ok(())
}
