//! An order under its lock.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{Channel, Money, OrderId, OrderNumber, OrderStatus, PaymentStatus};

use crate::store;

/// An order whose row is locked until the transaction ends: what is decided about it now is true.
#[derive(Debug, Clone)]
pub struct LockedOrder {
    /// Its identity.
    pub id: OrderId,
    /// Its public name.
    pub number: OrderNumber,
    /// Where it stands.
    pub status: OrderStatus,
    /// What is known of its money.
    pub payment_status: PaymentStatus,
    /// How it is to be paid.
    pub channel: Channel,
    /// What it costs.
    pub total: Money,
    /// When its reservation runs out.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Locks an order. It is the first row a transaction locks; payments come next, stock levels last.
///
/// # Errors
/// [`DatabaseError::Missing`] where there is no such order.
pub async fn lock(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<LockedOrder, DatabaseError> {
    store::lock(connection, id).await
}
