//! Expiring an order that was not paid in time.

use database::outbox;
use domain::{Cause, Event, OrderStatus, PaymentStatus};
use orders::{Change, DueOrder};
use serde_json::json;

use crate::resources::Resources;
use crate::settle::{SettleError, settle_payment};

/// What became of an order that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// Its stock went back.
    Expired,
    /// It is not unpaid any more.
    Paid,
    /// The provider did not answer; it is kept for now.
    Kept,
}

/// Asks the provider once more about each attempt of a due order, and expires it if none was paid.
/// Money that comes later still finds its order. Where the provider does not answer, the order is
/// kept for `patience`; after that it expires unasked.
///
/// # Errors
/// [`SettleError`]; the order is due again in the next round.
pub async fn expire_order(
    shop: &Resources,
    cause: &Cause,
    due: DueOrder,
) -> Result<Expired, SettleError> {
    let attempts = payments::of_order(&mut *shop.database.connection().await?, due.id).await?;
    for attempt in attempts
        .iter()
        .filter(|attempt| attempt.status.is_unsettled())
    {
        match settle_payment(shop, cause, &attempt.reference).await {
            Ok(_) => {}
            Err(SettleError::Provider(error))
                if cause.at < due.expires_at + shop.terms.patience =>
            {
                tracing::warn!(
                    error = domain::chain(&error),
                    "an order due to expire is kept"
                );
                return Ok(Expired::Kept);
            }
            Err(SettleError::Provider(error)) => {
                tracing::error!(error = domain::chain(&error), "an order expires unverified");
            }
            Err(error) => return Err(error),
        }
    }
    expire(shop, cause, due).await
}

async fn expire(shop: &Resources, cause: &Cause, due: DueOrder) -> Result<Expired, SettleError> {
    let mut tx = shop.database.begin().await?;
    let order = orders::lock(&mut tx, due.id).await?;
    let still_due = order.expires_at.is_some_and(|at| at <= cause.at);
    if order.status != OrderStatus::Open || !order.payment_status.awaits_payment() || !still_due {
        return Ok(Expired::Paid);
    }
    let change = Change {
        kind: "expired",
        status: OrderStatus::Expired,
        payment_status: PaymentStatus::Unpaid,
        detail: json!({}),
    };
    orders::change(&mut tx, cause, &order, &change).await?;
    let expired = Event::OrderExpired { order_id: order.id };
    let back = orders::bought(&mut tx, order.id).await?;
    let back = back
        .into_iter()
        .map(|(variant_id, _)| Event::StockChanged { variant_id });
    let events: Vec<_> = [expired].into_iter().chain(back).map(Into::into).collect();
    outbox::announce(&mut tx, cause.at, &cause.correlation_id, &events).await?;
    stock::release(&mut tx, order.id).await?;
    tx.commit().await?;
    Ok(Expired::Expired)
}
