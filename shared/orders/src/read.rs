//! Reading orders.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{
    Channel, Customer, DeliveryAddress, FulfilmentStatus, Money, OrderId, OrderNumber, OrderStatus,
    PaymentStatus, Quantity, Totals, VariantId,
};
use sealing::{Sealer, SealingError};
use serde_json::Value;

use crate::store_read;

/// The figures of an order, without its customer.
#[derive(Debug, Clone)]
pub struct OrderSummary {
    /// Its identity.
    pub id: OrderId,
    /// Its public name.
    pub number: OrderNumber,
    /// Where it stands.
    pub status: OrderStatus,
    /// What is known of its money.
    pub payment_status: PaymentStatus,
    /// Where its goods are.
    pub fulfilment_status: FulfilmentStatus,
    /// How it is to be paid.
    pub channel: Channel,
    /// What it costs.
    pub totals: Totals,
    /// Its lines, in the order they were given.
    pub lines: Vec<OrderLine>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When its reservation runs out.
    pub expires_at: Option<DateTime<Utc>>,
    /// When its money arrived.
    pub paid_at: Option<DateTime<Utc>>,
}

/// A line of an order, as it was on the day.
#[derive(Debug, Clone)]
pub struct OrderLine {
    /// The product's name.
    pub name: String,
    /// The merchant's name of the variant.
    pub sku: String,
    /// The variant's options.
    pub options: BTreeMap<String, String>,
    /// Price of one piece.
    pub unit_price: Money,
    /// How many.
    pub quantity: i64,
    /// Their product.
    pub total: Money,
}

/// An order with its customer.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its figures.
    pub summary: OrderSummary,
    /// Who bought it.
    pub customer: Customer,
    /// Where it goes.
    pub delivery_address: DeliveryAddress,
}

/// Something that happened to an order.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// What.
    pub kind: String,
    /// Facts.
    pub detail: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why an order cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("there is no such order")]
    NotFound,
    /// Its personal data does not open.
    #[error("the order's personal data could not be opened")]
    Sealing(#[from] SealingError),
    /// The database.
    #[error("the order could not be read")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ReadError {
        NotFound => NotFound "not_found",
    }
    from { Sealing, Database }
}

/// The identity of an order, by its public name.
///
/// # Errors
/// [`ReadError::NotFound`]; the database.
pub async fn find(
    connection: &mut PgConnection,
    number: &OrderNumber,
) -> Result<OrderId, ReadError> {
    store_read::find(connection, number)
        .await?
        .ok_or(ReadError::NotFound)
}

/// The figures of an order.
///
/// # Errors
/// [`ReadError::NotFound`]; the database.
pub async fn summary(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<OrderSummary, ReadError> {
    store_read::summary(connection, id)
        .await?
        .ok_or(ReadError::NotFound)
}

/// An order with its customer.
///
/// # Errors
/// [`ReadError`].
pub async fn read(
    connection: &mut PgConnection,
    sealer: &Sealer,
    id: OrderId,
) -> Result<Order, ReadError> {
    let summary = summary(&mut *connection, id).await?;
    let (customer, delivery_address) = store_read::person(connection, sealer, id).await?;
    Ok(Order {
        summary,
        customer,
        delivery_address,
    })
}

/// What was bought: which variants and how many of each.
///
/// # Errors
/// [`DatabaseError`].
pub async fn bought(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<Vec<(VariantId, Quantity)>, DatabaseError> {
    store_read::bought(connection, id).await
}

impl Order {
    /// What happened to it, the oldest first.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn timeline(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Vec<TimelineEntry>, DatabaseError> {
        store_read::timeline(connection, self.summary.id).await
    }
}
