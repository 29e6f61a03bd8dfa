//! An order about to be placed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    Channel, Customer, DeliveryAddress, LineId, OrderId, OrderNumber, PricedLine, Totals, VariantId,
};

/// An order about to be placed: checked, priced, not yet written.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Its identity.
    pub id: OrderId,
    /// Its public name.
    pub number: OrderNumber,
    /// Who bought it.
    pub customer: Customer,
    /// Where it goes.
    pub delivery_address: DeliveryAddress,
    /// How it is to be paid.
    pub channel: Channel,
    /// What was bought; at least one line.
    pub lines: Vec<NewLine>,
    /// What it costs.
    pub totals: Totals,
    /// When the reservation runs out; none where nothing is paid in advance.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A line about to be placed.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Its identity.
    pub id: LineId,
    /// What.
    pub variant: VariantId,
    /// The product's name as it is today.
    pub product_name: String,
    /// The merchant's name of the variant as it is today.
    pub sku: String,
    /// The variant's options as they are today.
    pub options: BTreeMap<String, String>,
    /// Price, quantity and their product.
    pub price: PricedLine,
}
