//! How an order looks from outside.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Channel, FulfilmentStatus, OrderStatus, PaymentStatus};
use edge::MoneyBody;
use orders::{OrderLine, OrderSummary};
use payments_functions::PaymentBody;
use serde::Serialize;
use utoipa::ToSchema;

/// An order's figures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderBody {
    /// Its public name.
    #[schema(example = "MR-7K4Q-9TXD")]
    number: String,
    /// `open`, `completed`, `cancelled` or `expired`.
    #[schema(value_type = String, example = "open")]
    status: OrderStatus,
    /// `unpaid`, `pending`, `paid`, `underpaid`, `overpaid`, `partially_refunded`, `refunded`,
    /// `disputed` or `on_delivery`.
    #[schema(value_type = String, example = "pending")]
    payment_status: PaymentStatus,
    /// `unfulfilled`, `partially_fulfilled`, `shipped`, `delivered` or `returned`.
    #[schema(value_type = String, example = "unfulfilled")]
    fulfilment_status: FulfilmentStatus,
    /// How it is to be paid.
    #[schema(value_type = String, example = "card")]
    payment_channel: Channel,
    /// ISO 4217.
    #[schema(example = "NGN")]
    currency: &'static str,
    /// The sum of the lines.
    subtotal: MoneyBody,
    /// What was let off.
    discount: MoneyBody,
    /// What the delivery costs.
    delivery: MoneyBody,
    /// The VAT contained in the total.
    tax: MoneyBody,
    /// What is owed: `subtotal - discount + delivery`.
    total: MoneyBody,
    /// What was bought.
    lines: Vec<LineBody>,
    /// When it was placed.
    placed_at: DateTime<Utc>,
    /// Until when it must be paid.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// When its money came.
    #[schema(required)]
    paid_at: Option<DateTime<Utc>>,
}

/// A line of an order, as it was on the day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct LineBody {
    /// The merchant's name of the variant.
    sku: String,
    /// The product's name.
    name: String,
    /// The variant's options.
    options: BTreeMap<String, String>,
    /// How many.
    quantity: i64,
    /// Price of one piece, VAT included.
    unit_price: MoneyBody,
    /// Their product.
    total: MoneyBody,
}

/// The answer to placing an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlacedOrder)]
pub struct PlacedBody {
    /// The order.
    pub order: OrderBody,
    /// Its first attempt to pay; null where the rider takes the money. Without an
    /// `authorization_url` the provider has not answered yet, and the link is mailed.
    #[schema(required)]
    pub payment: Option<PaymentBody>,
    /// Opens this one order. Shown here, and again on a repeat with the same idempotency key.
    #[serde(skip)]
    #[schema(required)]
    pub access_token: String,
}

impl From<&OrderSummary> for OrderBody {
    fn from(order: &OrderSummary) -> Self {
        let totals = &order.totals;
        Self {
            number: order.number.to_string(),
            status: order.status,
            payment_status: order.payment_status,
            fulfilment_status: order.fulfilment_status,
            payment_channel: order.channel,
            currency: totals.total.currency().as_str(),
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            delivery: totals.delivery.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
            lines: order.lines.iter().map(LineBody::from).collect(),
            placed_at: order.placed_at,
            expires_at: order.expires_at,
            paid_at: order.paid_at,
        }
    }
}

impl From<&OrderLine> for LineBody {
    fn from(line: &OrderLine) -> Self {
        Self {
            sku: line.sku.clone(),
            name: line.name.clone(),
            options: line.options.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            total: line.total.into(),
        }
    }
}
