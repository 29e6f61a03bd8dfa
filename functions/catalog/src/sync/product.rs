//! A product was made, changed or archived.

use database::{PgConnection, first_time};
use desk::{Fail, Inbound};
use domain::{Event, ProductId, VariantId};
use merchandising::product;
use notifications::{Activity, tell_staff};
use serde_json::json;

use super::{Sync, stock};

const CONSUMER: &str = "sync-product";

/// Makes the copies, the stock levels and the search document agree with the product, and tells staff once
/// for each message.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, message: &Inbound, product: ProductId) -> Result<(), Fail> {
    app.drop_copies().await;
    let mut tx = app.database.begin().await?;
    if first_time(&mut tx, CONSUMER, message.message_id).await? {
        follow(&mut tx, message, product).await?;
    }
    if every_so_often(message) {
        catalog::compact_category_counts(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// One message in a hundred: each may have written a row of the categories' counts, and somebody has to
/// merge them.
fn every_so_often(message: &Inbound) -> bool {
    message.message_id.as_u128().is_multiple_of(100)
}

async fn follow(
    connection: &mut PgConnection,
    message: &Inbound,
    id: ProductId,
) -> Result<(), Fail> {
    catalog::refresh_search(connection, id).await?;
    let product = product::find(connection, id).await?;
    let variants: Vec<VariantId> = product.live_variants().map(|variant| variant.id).collect();
    stock::agree(connection, &message.cause, &variants).await?;
    let news = Activity {
        kind: news(&message.event),
        alert: false,
        detail: json!({ "product": id, "version": product.version, "status": product.status }),
    };
    Ok(tell_staff(connection, &message.cause, &news).await?)
}

/// What staff are told of it.
fn news(event: &Event) -> &'static str {
    match event.event_type() {
        "product.created" => "product_created",
        "product.archived" => "product_archived",
        _ => "product_updated",
    }
}
