//! What a delivery costs.

use database::{DatabaseError, PgConnection};
use domain::{Money, State};

use crate::store_read;

/// What a delivery into a state costs.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryRate {
    /// The price.
    pub price: Money,
    /// Whether the rider takes the money there.
    pub pay_on_delivery: bool,
}

/// The rate of a state, or the one of all states that have none of their own.
///
/// # Errors
/// [`DatabaseError::Missing`] where the shop has no rates at all.
pub async fn delivery_rate(
    connection: &mut PgConnection,
    state: State,
) -> Result<DeliveryRate, DatabaseError> {
    store_read::delivery_rate(connection, state).await
}
