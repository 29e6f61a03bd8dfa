//! Queue `payment_processing`: opens and settles payments, follows what the provider tells, and gives
//! money back.

use checkout::{Resources, check_refund, follow_payment, note_stray, send_refund, settle_payment};
use database::first_time;
use desk::{Desk, Fail, Inbound};
use domain::{AttemptStatus, Event, PaymentReference, WebhookId};
use messaging::{Envelope, Failure, StartError};
use notifications::{Activity, tell_staff};
use payments::open_refunds_of;
use paystack::EventKind;
use serde_json::json;

const CONSUMER: &str = "process-payment";

/// A webhook can outrun the provider's own books: a success that cannot be verified yet is asked
/// about again this many times before it is left to the scheduled checks.
const PATIENCE_WITH_WEBHOOKS: u32 = 4;

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
    let cause = &message.cause;
    match &message.event {
        Event::PaymentRequested { reference } => {
            Ok(follow_payment(shop, cause, message.message_id, reference).await?)
        }
        Event::PaymentCheck { reference } => {
            settle_payment(shop, cause, reference).await?;
            Ok(())
        }
        Event::PaystackEvent { webhook_id } => told(shop, &message, *webhook_id).await,
        Event::RefundRequested { refund_id } => Ok(send_refund(shop, cause, *refund_id).await?),
        Event::RefundCheck { refund_id } => Ok(check_refund(shop, cause, *refund_id).await?),
        Event::OrderPlaced { .. }
        | Event::OrderPaid { .. }
        | Event::OrderUnderpaid { .. }
        | Event::OrderConfirmed { .. }
        | Event::OrderExpired { .. }
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

/// Does what a webhook hints at. What it says is not believed; what it names is looked up.
async fn told(shop: &Resources, message: &Inbound, id: WebhookId) -> Result<(), Fail> {
    let fact = payments::fact(&mut *shop.database.connection().await?, &shop.sealer, id).await?;
    let event = paystack::Event::parse(fact.body.as_bytes())
        .map_err(|error| Fail::never(error.to_string()))?;
    let reference = event.reference.as_deref();
    match event.kind {
        EventKind::ChargeSuccess | EventKind::ChargeFailed => {
            let reference = reference.ok_or_else(|| Fail::never("a charge without a reference"))?;
            charged(shop, message, event.kind, reference).await
        }
        EventKind::RefundPending
        | EventKind::RefundProcessing
        | EventKind::RefundProcessed
        | EventKind::RefundFailed
        | EventKind::RefundNeedsAttention => refunded(shop, message, reference).await,
        EventKind::DisputeCreated
        | EventKind::DisputeReminded
        | EventKind::DisputeResolved
        | EventKind::BankTransferRejected => alert(shop, message, &event).await,
        EventKind::TransferSuccess
        | EventKind::TransferFailed
        | EventKind::TransferReversed
        | EventKind::Unknown => {
            tracing::info!(event = fact.event, "kept, and nothing to do");
            Ok(())
        }
    }
}

async fn charged(
    shop: &Resources,
    message: &Inbound,
    kind: EventKind,
    reference: &str,
) -> Result<(), Fail> {
    let Ok(ours) = reference.parse::<PaymentReference>() else {
        return Ok(note_stray(shop, &message.cause, reference).await?);
    };
    match settle_payment(shop, &message.cause, &ours).await? {
        None => Ok(note_stray(shop, &message.cause, reference).await?),
        Some(attempt)
            if kind == EventKind::ChargeSuccess
                && matches!(attempt.status, AttemptStatus::Created | AttemptStatus::Open)
                && message.attempt < PATIENCE_WITH_WEBHOOKS =>
        {
            Err(Fail::later(
                "the provider told of a success that it does not confirm yet",
            ))
        }
        Some(_) => Ok(()),
    }
}

async fn refunded(
    shop: &Resources,
    message: &Inbound,
    reference: Option<&str>,
) -> Result<(), Fail> {
    let Some(Ok(reference)) = reference.map(str::parse::<PaymentReference>) else {
        return Ok(());
    };
    let open = open_refunds_of(&mut *shop.database.connection().await?, &reference).await?;
    for refund in open {
        check_refund(shop, &message.cause, refund).await?;
    }
    Ok(())
}

/// What only people can act on: disputes with their due date, transfers the provider sent back.
async fn alert(shop: &Resources, message: &Inbound, event: &paystack::Event) -> Result<(), Fail> {
    let mut tx = shop.database.begin().await?;
    if first_time(&mut tx, CONSUMER, message.message_id).await? {
        let kind = if event.kind == EventKind::BankTransferRejected {
            "bank_transfer_rejected"
        } else {
            "dispute"
        };
        let detail = json!({
            "event": event.event,
            "reference": event.reference,
            "transaction": event.transaction_id,
            "due_at": event.due_at,
        });
        tell_staff(
            &mut tx,
            &message.cause,
            &Activity {
                kind,
                alert: true,
                detail,
            },
        )
        .await?;
    }
    Ok(tx.commit().await?)
}
