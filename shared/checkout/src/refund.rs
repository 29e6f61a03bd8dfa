//! Giving money back, once.

use std::time::Duration;

use database::outbox::Announcement;
use database::{DatabaseError, PgConnection, outbox};
use domain::{Cause, Event, OrderStatus, PaymentStatus, RefundId, RefundReason, RefundStatus};
use notifications::{Activity, Channel, Content, Returned, tell_staff};
use orders::{Change, ChangeError};
use payments::{
    Refund, RefundProgress, TransitionError, advance_refund, begin_sending, find_refund,
};
use paystack::{NewRefund, PaystackError};
use serde_json::json;

use crate::observe::{ProviderError, ask as provider, stored_id};
use crate::resources::Resources;
use crate::tell::{TellError, tell_customer};

/// When the provider is asked how a refund is getting on.
const CHECK_AFTER: Duration = Duration::from_secs(10 * 60);

/// Why a refund did not get on. It can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// The provider could not be asked, or refused.
    #[error("the provider did not take the refund")]
    Provider(#[from] ProviderError),
    /// The refund could not be moved.
    #[error("the refund could not be moved")]
    Payment(#[from] TransitionError),
    /// Its order could not be moved.
    #[error("the refund's order could not be moved")]
    Order(#[from] ChangeError),
    /// The customer could not be told.
    #[error("the customer could not be told of the refund")]
    Tell(#[from] TellError),
    /// The database.
    #[error("the refund could not be recorded")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    RefundError {}
    from { Provider, Payment, Order, Tell, Database }
}

/// Sends a refund that was decided. The provider takes no reference of ours for it, so: the intent is
/// committed first (`sending`); a refund found in that state is looked for among the provider's
/// before it is asked for again. Safe to repeat.
///
/// # Errors
/// [`RefundError`].
pub async fn send_refund(shop: &Resources, cause: &Cause, id: RefundId) -> Result<(), RefundError> {
    let refund = find_refund(&mut *shop.database.connection().await?, id).await?;
    match refund.status {
        RefundStatus::Requested => {
            if begin_sending(&mut *shop.database.connection().await?, cause, &refund).await? {
                return ask(shop, cause, &refund).await;
            }
            Ok(())
        }
        RefundStatus::Sending => match look_up(shop, &refund).await? {
            Some(progress) => advance(shop, cause, &refund, progress).await,
            None => ask(shop, cause, &refund).await,
        },
        RefundStatus::Pending
        | RefundStatus::Processed
        | RefundStatus::Failed
        | RefundStatus::NeedsAttention => Ok(()),
    }
}

/// Asks the provider how a refund is getting on, and notes it. Safe to repeat.
///
/// # Errors
/// [`RefundError`].
pub async fn check_refund(
    shop: &Resources,
    cause: &Cause,
    id: RefundId,
) -> Result<(), RefundError> {
    let refund = find_refund(&mut *shop.database.connection().await?, id).await?;
    match refund.status {
        RefundStatus::Requested | RefundStatus::Sending => send_refund(shop, cause, id).await,
        RefundStatus::Processed | RefundStatus::Failed => Ok(()),
        RefundStatus::Pending | RefundStatus::NeedsAttention => match look_up(shop, &refund).await?
        {
            Some(progress) => advance(shop, cause, &refund, progress).await,
            None => Ok(()),
        },
    }
}

async fn ask(shop: &Resources, cause: &Cause, refund: &Refund) -> Result<(), RefundError> {
    let note = note_of(refund);
    let new = NewRefund {
        transaction: refund.reference.as_str(),
        amount: refund.amount.amount(),
        currency: refund.amount.currency().as_str(),
        merchant_note: &note,
    };
    match provider("refund", shop.paystack.refund(&new)).await {
        Ok(accepted) => advance(shop, cause, refund, progress(&accepted)).await,
        Err(error) if error.is_unclear() => Err(ProviderError(error).into()),
        // Said no: it may have gone back already, by hand or by an answer we never got.
        Err(error @ PaystackError::Refused { .. }) => match look_up(shop, refund).await? {
            Some(progress) => advance(shop, cause, refund, progress).await,
            None => {
                let refused = RefundProgress {
                    provider_id: None,
                    status: RefundStatus::Failed,
                };
                tracing::error!(error = domain::chain(&error), "a refund was refused");
                advance(shop, cause, refund, refused).await
            }
        },
        Err(error) => Err(ProviderError(error).into()),
    }
}

/// Looks for the refund among the provider's: by its id, or by the note that carries ours.
async fn look_up(shop: &Resources, refund: &Refund) -> Result<Option<RefundProgress>, RefundError> {
    let transaction = u64::try_from(refund.transaction_id).unwrap_or_default();
    let known = provider("list_refunds", shop.paystack.list_refunds(transaction)).await;
    let known = known.map_err(ProviderError)?;
    let note = note_of(refund);
    let ours = known.iter().find(|candidate| {
        refund.provider_id == Some(stored_id(candidate.id))
            || candidate.merchant_note.as_deref() == Some(note.as_str())
    });
    Ok(ours.map(progress))
}

fn note_of(refund: &Refund) -> String {
    format!("MAD RUSH refund {}", refund.id)
}

fn progress(refund: &paystack::Refund) -> RefundProgress {
    let status = match &refund.status {
        paystack::RefundStatus::Processed => RefundStatus::Processed,
        paystack::RefundStatus::Failed => RefundStatus::Failed,
        paystack::RefundStatus::NeedsAttention => RefundStatus::NeedsAttention,
        paystack::RefundStatus::Pending
        | paystack::RefundStatus::Processing
        | paystack::RefundStatus::Unknown(_) => RefundStatus::Pending,
    };
    RefundProgress {
        provider_id: Some(stored_id(refund.id)),
        status,
    }
}

async fn advance(
    shop: &Resources,
    cause: &Cause,
    refund: &Refund,
    progress: RefundProgress,
) -> Result<(), RefundError> {
    let mut tx = shop.database.begin().await?;
    let order = orders::lock(&mut tx, refund.order).await?;
    let processed = advance_refund(&mut tx, cause, refund.id, progress).await?;
    if processed && refund.reason == RefundReason::Late {
        close_unpaid_order(&mut tx, cause, &order).await?;
    }
    match progress.status {
        RefundStatus::Failed | RefundStatus::NeedsAttention => {
            let detail =
                json!({ "order": order.number, "refund": refund.id, "status": progress.status });
            let activity = Activity {
                kind: "refund_stuck",
                alert: true,
                detail,
            };
            tell_staff(&mut tx, cause, &activity).await?;
        }
        RefundStatus::Pending | RefundStatus::Processed => {
            tell(&mut tx, shop, cause, refund).await?;
        }
        RefundStatus::Requested | RefundStatus::Sending => {}
    }
    if matches!(
        progress.status,
        RefundStatus::Pending | RefundStatus::NeedsAttention
    ) {
        let check = Event::RefundCheck {
            refund_id: refund.id,
        };
        let later = [Announcement::after(CHECK_AFTER, check)];
        outbox::announce(&mut tx, cause.at, &cause.correlation_id, &later).await?;
    }
    Ok(tx.commit().await?)
}

/// An order whose only money came too late and went back.
async fn close_unpaid_order(
    tx: &mut PgConnection,
    cause: &Cause,
    order: &orders::LockedOrder,
) -> Result<(), ChangeError> {
    if order.status == OrderStatus::Open || !order.payment_status.awaits_payment() {
        return Ok(());
    }
    let change = Change {
        kind: "refunded",
        status: order.status,
        payment_status: PaymentStatus::Refunded,
        detail: json!({}),
    };
    orders::change(tx, cause, order, &change).await
}

async fn tell(
    tx: &mut PgConnection,
    shop: &Resources,
    cause: &Cause,
    refund: &Refund,
) -> Result<(), TellError> {
    let why = match refund.reason {
        RefundReason::Duplicate => Returned::PaidTwice,
        RefundReason::Late => Returned::TooLate,
        RefundReason::Staff => Returned::Decided,
    };
    let (amount, occasion) = (refund.amount, refund.id.to_string());
    let channels = [Channel::Email, Channel::Sms];
    tell_customer(
        tx,
        cause,
        &shop.sealer,
        refund.order,
        &occasion,
        &channels,
        |order| Content::MoneyReturned { order, amount, why },
    )
    .await
}
