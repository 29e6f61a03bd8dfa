//! Queue `order_processing`: sees an order on its way after each thing that happens to it.

use checkout::{Resources, follow_payment, tell_customer};
use database::first_time;
use desk::{Desk, Fail, Inbound};
use domain::{Event, OrderId, PaymentStatus};
use messaging::{Envelope, Failure, StartError};
use notifications::{Activity, Channel, Content, OrderFacts, tell_staff};
use orders::OrderSummary;
use serde_json::json;

const CONSUMER: &str = "process-order";
const EVERY_WAY: [Channel; 2] = [Channel::Email, Channel::Sms];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    messaging::serve_consumer(CONSUMER, |env| {
        let shop = Resources::read(env)?;
        let desk = Desk::new(shop.database.clone(), shop.clock.clone());
        let handle =
            async move |envelope: &Envelope| handle(&shop, envelope).await.map_err(Failure::from);
        Some((desk, handle))
    })
    .await
}

async fn handle(shop: &Resources, envelope: &Envelope) -> Result<(), Fail> {
    let message = desk::read(CONSUMER, &shop.clock, envelope)?;
    match &message.event {
        Event::OrderPlaced { order_id } => placed(shop, &message, *order_id).await,
        Event::OrderPaid { order_id } => {
            tell(shop, &message, *order_id, &EVERY_WAY, |_, order| {
                Content::Receipt(order)
            })
            .await
        }
        Event::OrderUnderpaid { order_id } => underpaid(shop, &message, *order_id).await,
        Event::OrderExpired { order_id } => {
            tell(shop, &message, *order_id, &[Channel::Email], |_, order| {
                Content::Expired(order)
            })
            .await
        }
        Event::OrderConfirmed { .. } => Ok(()),
        Event::PaymentRequested { .. }
        | Event::PaymentCheck { .. }
        | Event::PaystackEvent { .. }
        | Event::RefundRequested { .. }
        | Event::RefundCheck { .. }
        | Event::NotificationRequested { .. }
        | Event::ProductCreated { .. }
        | Event::ProductUpdated { .. }
        | Event::ProductArchived { .. }
        | Event::CategoryUpdated { .. }
        | Event::StockChanged { .. }
        | Event::ImageRequested { .. }
        | Event::ImportRequested { .. }
        | Event::ExportRequested { .. } => Err(Fail::never("this event is not for this queue")),
    }
}

/// Confirms an order that the rider is paid for; sees that any other can be paid.
async fn placed(shop: &Resources, message: &Inbound, id: OrderId) -> Result<(), Fail> {
    let (order, first) = {
        let mut connection = shop.database.connection().await?;
        let order = orders::summary(&mut connection, id).await?;
        (
            order,
            payments::of_order(&mut connection, id)
                .await?
                .into_iter()
                .next(),
        )
    };
    match first {
        Some(attempt) => {
            let (cause, message_id) = (&message.cause, message.message_id);
            Ok(follow_payment(shop, cause, message_id, &attempt.reference).await?)
        }
        None if order.payment_status == PaymentStatus::OnDelivery => {
            tell(shop, message, id, &EVERY_WAY, |_, order| {
                Content::PayOnDelivery(order)
            })
            .await
        }
        None => Err(Fail::never("an order to be paid in advance has no payment")),
    }
}

async fn underpaid(shop: &Resources, message: &Inbound, id: OrderId) -> Result<(), Fail> {
    let attempts = payments::of_order(&mut *shop.database.connection().await?, id).await?;
    let received = attempts.iter().filter_map(|attempt| attempt.received);
    let received = received.reduce(|sum, more| sum.plus(more).unwrap_or(sum));
    let Some(received) = received else {
        return Err(Fail::never("nothing was received"));
    };
    tell(shop, message, id, &EVERY_WAY, |summary, order| {
        let missing = summary
            .totals
            .total
            .less(received)
            .unwrap_or(summary.totals.total);
        Content::Underpaid {
            order,
            received,
            missing,
        }
    })
    .await
}

/// Tells the customer and the staff what happened, once for each message.
async fn tell(
    shop: &Resources,
    message: &Inbound,
    id: OrderId,
    channels: &[Channel],
    content: impl Fn(&OrderSummary, OrderFacts) -> Content,
) -> Result<(), Fail> {
    let mut tx = shop.database.begin().await?;
    if first_time(&mut tx, CONSUMER, message.message_id).await? {
        let cause = &message.cause;
        let order = orders::summary(&mut tx, id).await?;
        let occasion = format!("{id}:{}", message.message_id);
        tell_customer(
            &mut tx,
            cause,
            &shop.sealer,
            id,
            &occasion,
            channels,
            |facts| content(&order, facts),
        )
        .await?;
        let kind = message.event.event_type();
        let detail = json!({ "order": order.number, "total": order.totals.total });
        tell_staff(
            &mut tx,
            cause,
            &Activity {
                kind,
                alert: false,
                detail,
            },
        )
        .await?;
    }
    Ok(tx.commit().await?)
}
