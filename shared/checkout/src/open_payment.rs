//! Telling the provider about an attempt, so that the customer can pay.

use chrono::TimeDelta;
use database::{DatabaseError, outbox};
use domain::{AttemptStatus, Cause, Channel, Event, PaymentId, PaymentReference};
use notifications::{Activity, tell_staff};
use orders::ReadError;
use payments::{Attempt, BankAccount, Instructions, NewAttempt, TransitionError};
use paystack::{Charge, ChargeAnswer, Charged, Initialize, PaystackError, UssdBank};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::observe::{ProviderError, ask};
use crate::resources::Resources;

/// How long whoever tells the provider has for it: longer than the call's own limit.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(20);

/// Whether the caller already holds the claim to tell the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It has recorded the attempt a moment ago, and the claim with it.
    Held,
    /// It must take it.
    Take,
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub enum Opening {
    /// The provider has just been told: the customer can pay now.
    Opened(Attempt),
    /// Nothing was to be done.
    Already(Attempt),
    /// Somebody else is telling the provider.
    Busy(Attempt),
    /// The provider knows it, but what the customer needs was lost with an answer. A new attempt was
    /// recorded and announced; the old one is still watched.
    Replaced(Attempt),
}

/// Why the customer cannot pay yet.
#[derive(Debug, thiserror::Error)]
pub enum OpenPaymentError {
    /// There is no such attempt.
    #[error("there is no such payment")]
    NotFound,
    /// The provider did not answer, or refused.
    #[error("the payment could not be opened")]
    Provider(#[from] ProviderError),
    /// The provider asks for something the shop does not do on this channel.
    #[error("the payment provider cannot take this payment on this channel")]
    Unsupported,
    /// The order cannot be read.
    #[error("the payment's order could not be read")]
    Order(#[from] ReadError),
    /// The attempt cannot be moved.
    #[error("the payment could not be moved")]
    Payment(#[from] TransitionError),
    /// The database.
    #[error("the payment could not be recorded as open")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    OpenPaymentError {
        NotFound => NotFound "not_found",
        Unsupported => Conflict "channel_unavailable",
    }
    from { Provider, Order, Payment, Database }
}

/// Tells the provider about an attempt, once: whoever holds the claim calls, everybody else is told
/// to wait. After an unclear answer the claim is left to run out, and the next caller repeats with
/// the same reference; the provider then says that it exists.
///
/// # Errors
/// [`OpenPaymentError`]. The attempt stands, and can be opened later.
pub async fn open_payment(
    shop: &Resources,
    cause: &Cause,
    reference: &PaymentReference,
    claim: Claim,
) -> Result<Opening, OpenPaymentError> {
    let attempt = find(shop, reference).await?;
    if attempt.status != AttemptStatus::Created {
        return Ok(Opening::Already(attempt));
    }
    if claim == Claim::Take && !take_claim(shop, cause, reference).await? {
        return Ok(Opening::Busy(attempt));
    }
    match tell_provider(shop, &attempt).await {
        Ok(instructions) => {
            note_opened(shop, cause, &attempt, &instructions).await?;
            Ok(Opening::Opened(find(shop, reference).await?))
        }
        Err(OpenPaymentError::Provider(ProviderError(PaystackError::DuplicateReference))) => {
            Ok(Opening::Replaced(replace(shop, cause, &attempt).await?))
        }
        Err(error) => {
            after_failure(shop, cause, &attempt, &error).await?;
            Err(error)
        }
    }
}

async fn find(shop: &Resources, reference: &PaymentReference) -> Result<Attempt, OpenPaymentError> {
    let attempt =
        payments::by_reference(&mut *shop.database.connection().await?, reference).await?;
    attempt.ok_or(OpenPaymentError::NotFound)
}

async fn take_claim(
    shop: &Resources,
    cause: &Cause,
    reference: &PaymentReference,
) -> Result<bool, DatabaseError> {
    payments::claim(
        &mut *shop.database.connection().await?,
        cause.at,
        reference,
        LEASE,
    )
    .await
}

async fn tell_provider(
    shop: &Resources,
    attempt: &Attempt,
) -> Result<Instructions, OpenPaymentError> {
    let order = {
        let mut connection = shop.database.connection().await?;
        orders::read(&mut connection, &shop.sealer, attempt.order).await?
    };
    let metadata = json!({ "order_number": order.summary.number });
    let (email, reference) = (order.customer.email.as_str(), attempt.reference.as_str());
    let (amount, currency) = (attempt.amount.amount(), attempt.amount.currency().as_str());
    let charge = Charge {
        email,
        amount,
        currency,
        reference,
        metadata: Some(&metadata),
    };
    let charged = match attempt.channel {
        Channel::Card | Channel::OnDelivery => {
            let initialize = Initialize {
                email,
                amount,
                currency,
                reference,
                callback_url: Some(&shop.terms.callback_url),
                // None named: whatever the merchant has enabled on the provider's page.
                channels: &[],
                metadata: Some(&metadata),
            };
            let opened = ask("initialize", shop.paystack.initialize(&initialize)).await;
            let opened = opened.map_err(ProviderError)?;
            return Ok(Instructions::Page {
                authorization_url: opened.authorization_url,
            });
        }
        Channel::BankTransfer => {
            let call = shop
                .paystack
                .charge_bank_transfer(&charge, Some(attempt.expires_at));
            ask("charge_bank_transfer", call).await
        }
        Channel::Ussd => {
            let call = shop.paystack.charge_ussd(&charge, UssdBank::GuarantyTrust);
            ask("charge_ussd", call).await
        }
    };
    instructions(charged.map_err(ProviderError)?)
}

fn instructions(charged: Charged) -> Result<Instructions, OpenPaymentError> {
    match charged.answer {
        ChargeAnswer::BankTransfer(account) => Ok(Instructions::Transfer(BankAccount {
            account_number: account.account_number.expose_secret().to_owned(),
            account_name: account.account_name,
            bank_name: account.bank_name,
            expires_at: account.expires_at,
        })),
        ChargeAnswer::Offline {
            ussd_code: Some(code),
            ..
        }
        | ChargeAnswer::Offline {
            ussd_code: None,
            display_text: Some(code),
        } => Ok(Instructions::Ussd { code }),
        ChargeAnswer::OpenUrl(authorization_url) => Ok(Instructions::Page { authorization_url }),
        // Nothing to show, but the provider has it: what came of it is found by verifying.
        ChargeAnswer::Pending
        | ChargeAnswer::Success
        | ChargeAnswer::TimedOut
        | ChargeAnswer::Offline {
            ussd_code: None,
            display_text: None,
        } => Ok(Instructions::Lost),
        ChargeAnswer::Failed { .. } | ChargeAnswer::Other(_) => Err(OpenPaymentError::Unsupported),
    }
}

async fn note_opened(
    shop: &Resources,
    cause: &Cause,
    attempt: &Attempt,
    instructions: &Instructions,
) -> Result<(), DatabaseError> {
    let mut tx = shop.database.begin().await?;
    payments::opened(&mut tx, cause, &attempt.reference, instructions).await?;
    if let Instructions::Transfer(BankAccount {
        expires_at: Some(closes),
        ..
    }) = instructions
    {
        orders::keep_until(&mut tx, attempt.order, *closes).await?;
    }
    tx.commit().await
}

/// The provider knows the reference, so an earlier call of ours reached it and its answer was lost;
/// the page's address cannot be fetched again (reference/paystack.md §13.5).
async fn replace(
    shop: &Resources,
    cause: &Cause,
    attempt: &Attempt,
) -> Result<Attempt, OpenPaymentError> {
    let successor = NewAttempt {
        id: PaymentId::new(),
        order: attempt.order,
        reference: PaymentReference::random(),
        channel: attempt.channel,
        amount: attempt.amount,
        expires_at: attempt.expires_at,
        initialising_until: None,
    };
    let event = Event::PaymentRequested {
        reference: successor.reference.clone(),
    };
    let mut tx = shop.database.begin().await?;
    // Under the lock, so that two who learn it at once make one successor.
    let locked = payments::lock(&mut tx, &attempt.reference).await?;
    if locked.status == AttemptStatus::Created {
        payments::opened(&mut tx, cause, &attempt.reference, &Instructions::Lost).await?;
        payments::record(&mut tx, cause, &successor).await?;
        outbox::announce(&mut tx, cause.at, &cause.correlation_id, &[event.into()]).await?;
    }
    tx.commit().await?;
    let newest = payments::latest(&mut *shop.database.connection().await?, attempt.order).await?;
    newest.ok_or(OpenPaymentError::NotFound)
}

async fn after_failure(
    shop: &Resources,
    cause: &Cause,
    attempt: &Attempt,
    error: &OpenPaymentError,
) -> Result<(), OpenPaymentError> {
    match error {
        OpenPaymentError::Provider(ProviderError(error)) if error.is_unclear() => Ok(()),
        OpenPaymentError::Provider(ProviderError(PaystackError::Refused { .. }))
        | OpenPaymentError::Unsupported => {
            let mut tx = shop.database.begin().await?;
            let locked = payments::lock(&mut tx, &attempt.reference).await?;
            if locked.status == AttemptStatus::Created {
                payments::fail(&mut tx, cause, &locked, &domain::chain(error)).await?;
                let detail =
                    json!({ "reference": attempt.reference, "error": domain::chain(error) });
                let activity = Activity {
                    kind: "payment_refused",
                    alert: true,
                    detail,
                };
                tell_staff(&mut tx, cause, &activity).await?;
            }
            Ok(tx.commit().await?)
        }
        OpenPaymentError::Provider(_)
        | OpenPaymentError::NotFound
        | OpenPaymentError::Order(_)
        | OpenPaymentError::Payment(_)
        | OpenPaymentError::Database(_) => {
            let mut connection = shop.database.connection().await?;
            Ok(payments::release_claim(&mut connection, &attempt.reference).await?)
        }
    }
}
