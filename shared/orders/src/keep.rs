//! Keeping a reservation for longer.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::OrderId;

use crate::store;

/// Moves the end of an open order's reservation to `until`, if that is later: the account of a bank
/// transfer may stay open for longer than the shop asked for. Safe to repeat.
///
/// # Errors
/// [`DatabaseError`].
pub async fn keep_until(
    connection: &mut PgConnection,
    order: OrderId,
    until: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    store::keep_until(connection, order, until).await
}
