//! What a message says, to whom, over which channel.

use domain::{Email, Money, Phone};
use serde::{Deserialize, Serialize};

/// Where a message goes. Personal: sealed at rest, not shown by `Debug`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// By e-mail.
    Email(Email),
    /// By SMS.
    Sms(Phone),
}

/// The way a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// E-mail: HTML and text.
    Email,
    /// SMS: text alone.
    Sms,
}

impl Recipient {
    /// The way it takes.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
        }
    }
}

impl Channel {
    /// The word it is stored under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// What a message says, with all it needs to say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// The order is paid.
    Receipt(OrderFacts),
    /// The order is placed; this is where to pay.
    PayNow {
        /// The order.
        order: OrderFacts,
        /// The payment page.
        url: String,
    },
    /// The order will be paid to the rider.
    PayOnDelivery(OrderFacts),
    /// Less than owed arrived.
    Underpaid {
        /// The order.
        order: OrderFacts,
        /// What arrived.
        received: Money,
        /// What is missing.
        missing: Money,
    },
    /// The order was not paid in time.
    Expired(OrderFacts),
    /// Money is going back.
    MoneyReturned {
        /// The order.
        order: OrderFacts,
        /// How much.
        amount: Money,
        /// Why.
        why: Returned,
    },
    /// What somebody waits for can be had again.
    BackInStock(ProductFacts),
}

/// Why money is going back, as the customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returned {
    /// The order had been paid already.
    PaidTwice,
    /// It came after the order had expired, and the items were gone.
    TooLate,
    /// The shop decided.
    Decided,
}

impl Content {
    /// The word it is stored under.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Receipt(_) => "receipt",
            Self::PayNow { .. } => "pay_now",
            Self::PayOnDelivery(_) => "pay_on_delivery",
            Self::Underpaid { .. } => "underpaid",
            Self::Expired(_) => "expired",
            Self::MoneyReturned { .. } => "money_returned",
            Self::BackInStock(_) => "back_in_stock",
        }
    }

    /// The order it is about, if it is about one.
    #[must_use]
    pub const fn order(&self) -> Option<&OrderFacts> {
        match self {
            Self::Receipt(order) | Self::PayOnDelivery(order) | Self::Expired(order) => Some(order),
            Self::PayNow { order, .. }
            | Self::Underpaid { order, .. }
            | Self::MoneyReturned { order, .. } => Some(order),
            Self::BackInStock(_) => None,
        }
    }
}

/// A product as a message tells it: what the catalogue shows to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductFacts {
    /// Its name with the options of the variant: "Leather sandals (42)".
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
}

/// An order as a message tells it. Personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    /// Its public name.
    pub number: String,
    /// What to call the customer.
    pub customer_name: String,
    /// What was bought.
    pub lines: Vec<OrderLineFacts>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What was let off.
    pub discount: Money,
    /// What the delivery costs.
    pub delivery: Money,
    /// The VAT contained in the total.
    pub tax: Money,
    /// What is owed.
    pub total: Money,
    /// Where it goes, line by line.
    pub address: Vec<String>,
}

impl std::fmt::Debug for OrderFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OrderFacts({})", self.number)
    }
}

/// A line of an order as a message tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineFacts {
    /// The product, with its options: "Leather sandals (42)".
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What they cost together.
    pub total: Money,
}

/// A message about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub recipient: Recipient,
    /// What it says.
    pub content: Content,
}
