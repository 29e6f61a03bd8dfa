//! Telling the provider about an attempt, by one caller at a time.

use chrono::{DateTime, TimeDelta, Utc};
use database::{DatabaseError, PgConnection};
use domain::{Cause, PaymentReference};

use crate::attempt::BankAccount;
use crate::store;

/// What the payer needs in order to pay, as the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instructions {
    /// A page to open.
    Page {
        /// Its address.
        authorization_url: String,
    },
    /// An account to transfer to.
    Transfer(BankAccount),
    /// A code to dial.
    Ussd {
        /// The code.
        code: String,
    },
    /// The provider knows the attempt, but what it told the payer to do was lost on the way.
    Lost,
}

/// Takes on telling the provider, for `lease`: nobody else does so meanwhile. Answers whether it was
/// taken; not where the provider knows the attempt already or somebody else is at it.
///
/// # Errors
/// [`DatabaseError`].
pub async fn claim(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    reference: &PaymentReference,
    lease: TimeDelta,
) -> Result<bool, DatabaseError> {
    store::claim(connection, now, reference, now + lease).await
}

/// Gives the claim back early: the provider was surely not told.
///
/// # Errors
/// [`DatabaseError`]; the claim then ends by itself.
pub async fn release_claim(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<(), DatabaseError> {
    store::release_claim(connection, reference).await
}

/// Notes what the provider answered. An attempt that was settled meanwhile stays settled.
///
/// # Errors
/// [`DatabaseError`].
pub async fn opened(
    connection: &mut PgConnection,
    cause: &Cause,
    reference: &PaymentReference,
    instructions: &Instructions,
) -> Result<(), DatabaseError> {
    store::opened(connection, cause, reference, instructions).await
}
