//! Giving a reservation back.

use database::{DatabaseError, PgConnection};
use domain::OrderId;

use crate::store;

/// Gives back what is held or committed for an order and answers how many pieces that was. Locks
/// level rows: call it last. Safe to repeat: the second time there is nothing to give back.
///
/// # Errors
/// [`DatabaseError`].
pub async fn release(connection: &mut PgConnection, order: OrderId) -> Result<i64, DatabaseError> {
    store::release(connection, order).await
}
