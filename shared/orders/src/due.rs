//! Orders whose reservation has run out.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::OrderId;

use crate::store_read;

/// An order to be expired.
#[derive(Debug, Clone, Copy)]
pub struct DueOrder {
    /// Its identity.
    pub id: OrderId,
    /// When its reservation ran out.
    pub expires_at: DateTime<Utc>,
}

/// The unpaid orders whose reservation has run out by `now`, the longest due first.
///
/// # Errors
/// [`DatabaseError`].
pub async fn due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueOrder>, DatabaseError> {
    store_read::due(connection, now, limit).await
}
