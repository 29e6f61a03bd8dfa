//! How many pieces of a variant can be had has changed.

use catalog::ForSale;
use database::{PgConnection, first_time, outbox};
use desk::{Fail, Inbound};
use domain::{Cause, Crossing, Event, VariantId};
use notifications::{Activity, Content, Letter, ProductFacts, Recipient, tell_staff};
use sealing::Sealer;
use serde_json::json;
use stock::{BATCH, Difference, Marked, Waiting, mark, take_waiting};

use super::Sync;

const CONSUMER: &str = "sync-product";

/// Tells staff of a threshold that was crossed, and those who wait that the variant is back: each once,
/// however often and by however many at once it is looked at. Drops the copies where what a shopper sees
/// has changed.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, message: &Inbound, variant: VariantId) -> Result<(), Fail> {
    let mut tx = app.database.begin().await?;
    let shown_otherwise = if first_time(&mut tx, CONSUMER, message.message_id).await? {
        look(&mut tx, &app.sealer, &message.cause, variant).await?
    } else {
        // Whoever worked it may have ended before the copies were dropped.
        true
    };
    tx.commit().await?;
    if shown_otherwise {
        app.drop_copies().await;
    }
    Ok(())
}

/// Makes stock agree with the catalogue for the variants of a product that has changed: their levels, and
/// their counters against their movements. Staff are alerted of a counter that differs.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn agree(
    connection: &mut PgConnection,
    cause: &Cause,
    variants: &[VariantId],
) -> Result<(), Fail> {
    for difference in stock::sync(&mut *connection, cause, variants).await? {
        tell_staff(&mut *connection, cause, &mismatch(&difference)).await?;
    }
    Ok(())
}

/// Answers whether a shopper sees something else from now on.
async fn look(
    tx: &mut PgConnection,
    sealer: &Sealer,
    cause: &Cause,
    variant: VariantId,
) -> Result<bool, Fail> {
    let Some(marked) = mark(&mut *tx, variant).await? else {
        return Ok(false);
    };
    if let Some(alert) = alert(variant, &marked) {
        tell_staff(&mut *tx, cause, &alert).await?;
    }
    if marked.now.on_shelf() {
        tell_waiting(tx, sealer, cause, variant).await?;
    }
    Ok(marked.before != marked.now)
}

fn alert(variant: VariantId, marked: &Marked) -> Option<Activity> {
    let kind = match marked.crossing()? {
        Crossing::Low => "stock_low",
        Crossing::Out => "stock_out",
        Crossing::Back => return None,
    };
    let detail = json!({ "variant": variant, "sku": marked.sku, "availability": marked.now });
    Some(Activity {
        kind,
        alert: true,
        detail,
    })
}

fn mismatch(difference: &Difference) -> Activity {
    let pair =
        |(on_hand, reserved): (i64, i64)| json!({ "on_hand": on_hand, "reserved": reserved });
    let detail = json!({
        "variant": difference.variant,
        "location": difference.location,
        "counters": pair(difference.counters),
        "movements": pair(difference.movements),
    });
    Activity {
        kind: "stock_mismatch",
        alert: true,
        detail,
    }
}

/// Those who wait for what is not on sale go on waiting: its product's next change looks again.
async fn tell_waiting(
    tx: &mut PgConnection,
    sealer: &Sealer,
    cause: &Cause,
    variant: VariantId,
) -> Result<(), Fail> {
    let mut offers = catalog::for_sale(&mut *tx, &[variant]).await?;
    let Some(offer) = offers.remove(&variant) else {
        return Ok(());
    };
    let waiting = take_waiting(&mut *tx, cause, sealer, variant).await?;
    let full = i64::try_from(waiting.len()).is_ok_and(|told| told == BATCH);
    let product = facts(offer);
    for Waiting { id, email } in waiting {
        let letter = Letter {
            recipient: Recipient::Email(email),
            content: Content::BackInStock(product.clone()),
        };
        let occasion = id.to_string();
        notifications::request(&mut *tx, cause, sealer, None, &occasion, &letter).await?;
    }
    if full {
        let rest = Event::StockChanged {
            variant_id: variant,
        };
        outbox::announce(tx, cause.at, &cause.correlation_id, &[rest.into()]).await?;
    }
    Ok(())
}

fn facts(offer: ForSale) -> ProductFacts {
    let options: Vec<&str> = offer.options.values().map(String::as_str).collect();
    let name = if options.is_empty() {
        offer.product_name
    } else {
        format!("{} ({})", offer.product_name, options.join(", "))
    };
    ProductFacts {
        name,
        slug: offer.product_slug,
    }
}
