//! Making a reservation last.

use database::{DatabaseError, PgConnection};
use domain::OrderId;

use crate::store;

/// Turns what is held for an order into what is committed to it. Counters do not move, so no level
/// row is locked. Safe to repeat.
///
/// # Errors
/// [`DatabaseError`].
pub async fn commit(connection: &mut PgConnection, order: OrderId) -> Result<(), DatabaseError> {
    store::commit(connection, order).await
}
