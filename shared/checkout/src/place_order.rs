//! Placing an order: priced on the server, written with its reservation, payment attempt,
//! idempotency key and announcement in one transaction.

use std::collections::{BTreeMap, HashMap};

use catalog::{ForSale, for_sale};
use chrono::{DateTime, Utc};
use database::idempotency::{Begun, IdempotencyError, IdempotencyKey};
use database::outbox::Announcement;
use database::{DatabaseError, PgConnection, idempotency, outbox};
use domain::{
    Cause, Channel, Customer, DeliveryAddress, Event, LineId, Money, MoneyError, OrderId,
    OrderNumber, PaymentId, PaymentReference, PricedLine, Quantity, Shortage, VariantId,
    price_order,
};
use orders::{NewLine, NewOrder, delivery_rate};
use payments::NewAttempt;
use sealing::Sealer;
use stock::{Reservation, ReserveError, Wanted, reserve};

use crate::Terms;
use crate::open_payment::LEASE;

/// The most the provider takes in one payment: 10,000,000 in major units
/// (reference/paystack.md §1.7).
const MOST: i64 = 10_000_000 * 100;

/// So many pieces of a variant.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Which.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
}

/// A customer's wish.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// What; at least one, each variant once.
    pub items: Vec<Item>,
    /// For whom.
    pub customer: Customer,
    /// Where to.
    pub delivery_address: DeliveryAddress,
    /// How it is to be paid.
    pub channel: Channel,
    /// What the customer was shown; guards against a price that has changed.
    pub expected_total: Option<Money>,
}

/// Why an order was not placed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// Some items cannot be ordered (any more); their places in the list.
    #[error("some of the items are not for sale")]
    NotForSale(Vec<usize>),
    /// There is too little of some items; their places in the list.
    #[error("some of the items are not in stock in the quantity asked for")]
    OutOfStock(Vec<(usize, Shortage)>),
    /// The total is another than the customer was shown.
    #[error("the total is now {now}, not {expected}")]
    PriceChanged {
        /// What the customer was shown.
        expected: Money,
        /// What it costs now.
        now: Money,
    },
    /// The rider takes no money there.
    #[error("payment on delivery is not available in this state")]
    NoPayOnDelivery,
    /// More than the provider takes in one payment.
    #[error("the total of {0} is more than can be paid at once; split the order")]
    TooMuch(Money),
    /// The idempotency key.
    #[error(transparent)]
    Key(#[from] IdempotencyError),
    /// The sum does not fit.
    #[error("the order could not be priced")]
    Money(#[from] MoneyError),
    /// The order could not be written.
    #[error("the order could not be written")]
    Order(#[from] orders::PlaceError),
    /// The database.
    #[error("the order could not be placed")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    PlaceOrderError {
        NotForSale => Invalid "unknown_variant",
        NoPayOnDelivery => Invalid "pay_on_delivery_unavailable",
        TooMuch => Invalid "total_too_large",
        OutOfStock => Conflict "out_of_stock",
        PriceChanged => Conflict "price_changed",
    }
    from { Key, Money, Order, Database }
}

/// Prices a wish as the catalogue stands. Reads only.
///
/// # Errors
/// [`PlaceOrderError`].
pub async fn price(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    terms: &Terms,
    wish: &PlaceOrder,
) -> Result<NewOrder, PlaceOrderError> {
    let variants: Vec<VariantId> = wish.items.iter().map(|item| item.variant).collect();
    let offers = for_sale(&mut *connection, &variants).await?;
    let rate = delivery_rate(connection, wish.delivery_address.state()).await?;
    if wish.channel == Channel::OnDelivery && !rate.pay_on_delivery {
        return Err(PlaceOrderError::NoPayOnDelivery);
    }
    let lines = price_lines(&wish.items, &offers)?;
    let totals = price_order(lines.iter().map(|line| &line.price), rate.price)?;
    match wish.expected_total {
        Some(expected) if expected != totals.total => {
            return Err(PlaceOrderError::PriceChanged {
                expected,
                now: totals.total,
            });
        }
        Some(_) | None if totals.total.amount() > MOST => {
            return Err(PlaceOrderError::TooMuch(totals.total));
        }
        Some(_) | None => {}
    }
    let paid_in_advance = wish.channel != Channel::OnDelivery;
    Ok(NewOrder {
        id: OrderId::new(),
        number: OrderNumber::random(),
        customer: wish.customer.clone(),
        delivery_address: wish.delivery_address.clone(),
        channel: wish.channel,
        lines,
        totals,
        expires_at: paid_in_advance.then(|| now + terms.reservation),
    })
}

fn price_lines(
    items: &[Item],
    offers: &HashMap<VariantId, ForSale>,
) -> Result<Vec<NewLine>, PlaceOrderError> {
    let unknown: Vec<usize> = (0..items.len())
        .filter(|place| !offers.contains_key(&items[*place].variant))
        .collect();
    if !unknown.is_empty() {
        return Err(PlaceOrderError::NotForSale(unknown));
    }
    let offered = items
        .iter()
        .filter_map(|item| Some((item, offers.get(&item.variant)?)));
    offered
        .map(|(item, offer)| {
            Ok(NewLine {
                id: LineId::new(),
                variant: item.variant,
                product_name: offer.product_name.clone(),
                sku: offer.sku.clone(),
                options: offer.options.clone(),
                price: PricedLine::new(offer.price, item.quantity)?,
            })
        })
        .collect()
}

/// Writes a priced order: its key, its rows, its first payment attempt (which the caller is to
/// open; it holds the claim), its announcement, and last its reservation, after which the caller
/// commits: stock rows are locked for that one round trip.
///
/// Answers [`Begun::New`], or what an earlier request with the same key made; nothing was written
/// then. Atomic with the caller's transaction; idempotent through the key.
///
/// # Errors
/// [`PlaceOrderError`]; the caller gives its transaction up.
pub async fn place(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    key: &IdempotencyKey,
    order: &NewOrder,
) -> Result<Begun, PlaceOrderError> {
    match idempotency::begin(&mut *connection, cause.at, key, order.id.uuid()).await? {
        Begun::New => {}
        before @ (Begun::Unanswered(_) | Begun::Answered(..)) => return Ok(before),
    }
    write(connection, cause, sealer, order).await?;
    Ok(Begun::New)
}

/// Writes a priced order without a key: for [`place`], and for stages that need an order.
///
/// # Errors
/// [`PlaceOrderError`]; the caller gives its transaction up.
pub async fn write(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    order: &NewOrder,
) -> Result<(), PlaceOrderError> {
    orders::place(&mut *connection, cause, sealer, order).await?;
    if let Some(attempt) = first_attempt(cause.at, order) {
        payments::record(&mut *connection, cause, &attempt).await?;
    }
    outbox::announce(
        &mut *connection,
        cause.at,
        &cause.correlation_id,
        &announcements(order),
    )
    .await?;
    let wanted: Vec<Wanted> = order
        .lines
        .iter()
        .map(|line| Wanted {
            variant: line.variant,
            quantity: line.price.quantity,
        })
        .collect();
    let reservation = match order.channel {
        Channel::OnDelivery => Reservation::Committed,
        Channel::Card | Channel::BankTransfer | Channel::Ussd => Reservation::UntilExpiry,
    };
    match reserve(connection, order.id, reservation, &wanted).await {
        Ok(()) => Ok(()),
        Err(ReserveError::OutOfStock(short)) => {
            Err(PlaceOrderError::OutOfStock(places(&order.lines, short)))
        }
        Err(ReserveError::Database(error)) => Err(error.into()),
    }
}

/// The order, and that there is less of everything in it: one statement, before stock is locked.
fn announcements(order: &NewOrder) -> Vec<Announcement> {
    let placed = Event::OrderPlaced { order_id: order.id };
    let less = order.lines.iter().map(|line| Event::StockChanged {
        variant_id: line.variant,
    });
    [placed].into_iter().chain(less).map(Into::into).collect()
}

fn first_attempt(now: DateTime<Utc>, order: &NewOrder) -> Option<NewAttempt> {
    Some(NewAttempt {
        id: PaymentId::new(),
        order: order.id,
        reference: PaymentReference::random(),
        channel: order.channel,
        amount: order.totals.total,
        expires_at: order.expires_at?,
        initialising_until: Some(now + LEASE),
    })
}

fn places(lines: &[NewLine], short: Vec<Shortage>) -> Vec<(usize, Shortage)> {
    let place: BTreeMap<VariantId, usize> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| (line.variant, place))
        .collect();
    let mut named: Vec<_> = short
        .into_iter()
        .filter_map(|s| Some((*place.get(&s.variant)?, s)))
        .collect();
    named.sort_by_key(|(place, _)| *place);
    named
}
