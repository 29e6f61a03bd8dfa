//! Money that credits nothing.

use database::{DatabaseError, PgConnection};
use domain::{Cause, PaymentId};

use crate::store;

/// Money that nobody expected: another currency, another mode, a reference that is not ours.
#[derive(Debug, Clone)]
pub struct UnmatchedPayment<'a> {
    /// The reference the provider names.
    pub reference: &'a str,
    /// The attempt it names, where it is one of ours.
    pub payment: Option<PaymentId>,
    /// Why it credits nothing.
    pub reason: &'a str,
    /// Minor units.
    pub amount: i64,
    /// As the provider spells it.
    pub currency: &'a str,
    /// The provider's id.
    pub transaction_id: i64,
}

/// Notes it for staff, once for each reference. Answers whether it was news.
///
/// # Errors
/// [`DatabaseError`].
pub async fn note_unmatched(
    connection: &mut PgConnection,
    cause: &Cause,
    payment: &UnmatchedPayment<'_>,
) -> Result<bool, DatabaseError> {
    store::note_unmatched(connection, cause, payment).await
}
