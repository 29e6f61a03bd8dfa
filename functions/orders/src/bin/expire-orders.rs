//! Schedule, every minute: expires orders that were not paid in time and gives their stock back.

use std::time::{Duration, Instant};

use checkout::{Expired, Resources, expire_order};
use domain::{Cause, chain};
use messaging::{Invocation, StartError};
use serde_json::{Value, json};
use tracing::Instrument;

/// How many due orders one round takes; what is left is due again in a minute.
const BATCH: i64 = 200;
/// How long a round lasts at most: below the function's limit of 60 s by more than one order takes
/// while the provider hangs.
const ROUND: Duration = Duration::from_secs(40);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    messaging::serve_scheduled("expire-orders", |env| {
        let shop = Resources::read(env)?;
        Some(async move |tick: Invocation| Ok(handle(&shop, &tick.request_id).await?))
    })
    .await
}

async fn handle(shop: &Resources, request_id: &str) -> Result<Value, database::DatabaseError> {
    let cause = Cause::new(shop.clock.now(), "expire-orders", request_id);
    let due = orders::due(&mut *shop.database.connection().await?, cause.at, BATCH).await?;
    let (mut expired, mut paid, mut kept, mut failed) = (0, 0, 0, 0);
    let until = Instant::now() + ROUND;
    for order in due.into_iter().take_while(|_| Instant::now() < until) {
        // One order that cannot be expired must not keep the others.
        let span = tracing::info_span!("order", request_id, order = %order.id);
        match expire_order(shop, &cause, order).instrument(span).await {
            Ok(Expired::Expired) => expired += 1,
            Ok(Expired::Paid) => paid += 1,
            Ok(Expired::Kept) => kept += 1,
            Err(error) => {
                tracing::error!(order = %order.id, error = chain(&error), "could not be expired");
                failed += 1;
            }
        }
    }
    let report = json!({ "expired": expired, "paid": paid, "kept": kept, "failed": failed });
    tracing::info!(expired, paid, kept, failed, "looked after due orders");
    Ok(report)
}
