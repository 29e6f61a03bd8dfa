//! Somebody with an order, to be told something.

use checkout::tell_customer;
use notifications::{Channel, Content};
use serde_json::Value;
use stage::{Placed, Stage};

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PHONE: &str = "+2348031234567";

/// A stage on which somebody has placed an order and is to be told of its payment in these ways.
pub(crate) async fn a_receipt_is_due(channels: &[Channel]) -> (Stage, Placed) {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    tell(&stage, &order, "occasion-1", channels).await;
    (stage, order)
}

/// Requests the receipt of an order, as the shop does.
pub(crate) async fn tell(stage: &Stage, order: &Placed, occasion: &str, channels: &[Channel]) {
    let mut tx = stage.resources.database.begin().await.unwrap();
    let (cause, sealer) = (stage.cause(), &stage.resources.sealer);
    tell_customer(
        &mut tx,
        &cause,
        sealer,
        order.id,
        occasion,
        channels,
        Content::Receipt,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// How the one message stands.
pub(crate) async fn standing(stage: &Stage) -> Value {
    stage
        .row("SELECT status, attempts, provider_message_id IS NOT NULL AS taken, error FROM notifications")
        .await
}
