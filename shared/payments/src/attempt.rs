//! Attempts to pay.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{AttemptStatus, Cause, Channel, Money, OrderId, PaymentId, PaymentReference};
use serde::{Deserialize, Serialize};

use crate::store;

/// An attempt about to be recorded: before the provider hears of it.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// Its identity.
    pub id: PaymentId,
    /// The order it pays.
    pub order: OrderId,
    /// Our name of it at the provider.
    pub reference: PaymentReference,
    /// How.
    pub channel: Channel,
    /// How much.
    pub amount: Money,
    /// When the payer's page or account closes.
    pub expires_at: DateTime<Utc>,
    /// Who records it also tells the provider, and has until then to do so.
    pub initialising_until: Option<DateTime<Utc>>,
}

/// The account to which a bank transfer goes; the provider's, made for this one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// Ten digits.
    pub account_number: String,
    /// The name the payer's bank will show.
    pub account_name: Option<String>,
    /// The bank.
    pub bank_name: String,
    /// When the account closes.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An attempt as it stands.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its identity.
    pub id: PaymentId,
    /// The order it pays.
    pub order: OrderId,
    /// Our name of it at the provider.
    pub reference: PaymentReference,
    /// How.
    pub channel: Channel,
    /// Where it stands.
    pub status: AttemptStatus,
    /// How much was asked for.
    pub amount: Money,
    /// The page where the payer pays.
    pub authorization_url: Option<String>,
    /// The account to which the payer transfers.
    pub bank_account: Option<BankAccount>,
    /// The code that the payer dials.
    pub ussd_code: Option<String>,
    /// Until when somebody is telling the provider about it.
    pub initialising_until: Option<DateTime<Utc>>,
    /// What came of it.
    pub received: Option<Money>,
    /// When.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When the payer's page or account closes.
    pub expires_at: DateTime<Utc>,
}

/// Records an attempt with the first row of its log.
///
/// # Errors
/// [`DatabaseError`].
pub async fn record(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &NewAttempt,
) -> Result<(), DatabaseError> {
    store::record(connection, cause, attempt).await
}

/// The attempt of a reference; none for a reference that is not ours.
///
/// # Errors
/// [`DatabaseError`].
pub async fn by_reference(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Option<Attempt>, DatabaseError> {
    store::by_reference(connection, reference).await
}

/// An attempt whose row is locked until the transaction ends. The order is locked before it.
///
/// # Errors
/// [`DatabaseError::Missing`] where there is none.
pub async fn lock(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Attempt, DatabaseError> {
    store::lock(connection, reference).await
}

/// All attempts to pay an order, the oldest first; superseded ones included.
///
/// # Errors
/// [`DatabaseError`].
pub async fn of_order(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Attempt>, DatabaseError> {
    store::of_order(connection, order).await
}

/// The newest attempt to pay an order.
///
/// # Errors
/// [`DatabaseError`].
pub async fn latest(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<Option<Attempt>, DatabaseError> {
    Ok(store::of_order(connection, order).await?.pop())
}
