//! Settling a payment: the one place where money changes an order.

use database::{DatabaseError, PgConnection, outbox};
use domain::{
    Captured, Cause, Event, Mismatch, Money, Observation, OrderStatus, Owed, PaymentReference,
    PaymentStatus, RefundReason, Settlement, VariantId, compare, settle,
};
use notifications::{Activity, tell_staff};
use orders::{Change, ChangeError, LockedOrder};
use payments::{Attempt, Receipt, TransitionError};
use paystack::PaystackError;
use serde_json::json;
use stock::{Reservation, ReserveError, Wanted};

use crate::observe::{ProviderError, ask, mode, observation, stored_id};
use crate::outcome::Outcome;
use crate::resources::Resources;

/// Why a payment was not settled. Nothing was changed; it can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The provider could not be asked.
    #[error("the payment could not be verified")]
    Provider(#[from] ProviderError),
    /// The order could not be moved.
    #[error("the payment's order could not be moved")]
    Order(#[from] ChangeError),
    /// The attempt could not be moved.
    #[error("the payment could not be moved")]
    Payment(#[from] TransitionError),
    /// Stock could not be reserved again.
    #[error("the order's stock could not be reserved again")]
    Stock(#[from] ReserveError),
    /// The database.
    #[error("the payment could not be settled")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    SettleError {}
    from { Provider, Order, Payment, Stock, Database }
}

/// Asks the provider about an attempt and, in one transaction, does what its answer means: credits
/// the order, holds it, revives it, gives the money back, or sets it aside. Answers the attempt as it
/// then stands; none for a reference that is not ours.
///
/// May be called any number of times, at once, from anywhere: the order's lock decides who acts, and
/// an attempt once settled is not looked at again.
///
/// # Errors
/// [`SettleError`]; a provider that does not answer changes nothing.
pub async fn settle_payment(
    shop: &Resources,
    cause: &Cause,
    reference: &PaymentReference,
) -> Result<Option<Attempt>, SettleError> {
    let attempt =
        payments::by_reference(&mut *shop.database.connection().await?, reference).await?;
    let Some(attempt) = attempt.filter(|attempt| attempt.status.is_unsettled()) else {
        return Ok(
            payments::by_reference(&mut *shop.database.connection().await?, reference).await?,
        );
    };
    tracing::Span::current().record("order", tracing::field::display(attempt.order));
    let transaction = match ask("verify", shop.paystack.verify(reference.as_str())).await {
        Ok(transaction) => transaction,
        // The provider has not heard of it (yet): nobody can have paid.
        Err(PaystackError::NotFound) => return Ok(Some(attempt)),
        Err(error) => return Err(ProviderError(error).into()),
    };
    let observed = observation(&transaction);
    if observed == Observation::Open {
        return Ok(Some(attempt));
    }
    let mut tx = shop.database.begin().await?;
    let order = orders::lock(&mut tx, attempt.order).await?;
    let attempt = payments::lock(&mut tx, reference).await?;
    let mut case = Case {
        tx: &mut tx,
        cause,
        order,
        attempt,
        transaction_id: stored_id(transaction.id),
    };
    let outcome = case.decide(&observed, mode(shop.paystack.mode())).await?;
    tx.commit().await?;
    outcome.inspect(|outcome| outcome.count());
    let settled =
        payments::by_reference(&mut *shop.database.connection().await?, reference).await?;
    Ok(settled)
}

/// One attempt with its order, both locked.
struct Case<'a> {
    tx: &'a mut PgConnection,
    cause: &'a Cause,
    order: LockedOrder,
    attempt: Attempt,
    transaction_id: i64,
}

impl Case<'_> {
    /// None where somebody else has decided, or there is nothing to decide.
    async fn decide(
        &mut self,
        observed: &Observation,
        mode: domain::Mode,
    ) -> Result<Option<Outcome>, SettleError> {
        if !self.attempt.status.is_unsettled() {
            return Ok(None);
        }
        match observed {
            Observation::Open => Ok(None),
            Observation::Failed { reason } => {
                payments::fail(self.tx, self.cause, &self.attempt, reason).await?;
                Ok(Some(Outcome::Failed))
            }
            Observation::Captured(captured) => {
                let currency = self.attempt.amount.currency();
                match compare(captured, &self.attempt.reference, currency, mode) {
                    Ok(received) => self.received(captured, received).await,
                    Err(mismatch) => self.set_aside(captured, mismatch).await,
                }
            }
        }
    }

    async fn received(
        &mut self,
        captured: &Captured,
        received: Money,
    ) -> Result<Option<Outcome>, SettleError> {
        let nothing = Money::zero(received.currency());
        let (order, except) = (self.order.id, self.attempt.id);
        let credited = payments::credited_by_others(self.tx, order, except, nothing).await?;
        let owed = Owed {
            status: self.order.status,
            payment_status: self.order.payment_status,
            total: self.order.total,
            credited,
        };
        let receipt = |surplus| Receipt {
            captured,
            transaction_id: self.transaction_id,
            received,
            surplus,
        };
        match settle(self.attempt.status, owed, received) {
            Settlement::Nothing => Ok(None),
            Settlement::Credit {
                payment_status,
                surplus,
            } => {
                let receipt = receipt(surplus);
                stock::commit(self.tx, order).await?;
                self.credit(&receipt, payment_status, paid_word(payment_status), &[])
                    .await
            }
            Settlement::Revive {
                payment_status,
                surplus,
            } => {
                let receipt = receipt(surplus);
                match self.reserve_again().await? {
                    Some(taken) => {
                        self.credit(&receipt, payment_status, "revived", &taken)
                            .await
                    }
                    None => self.give_back(&receipt, RefundReason::Late).await,
                }
            }
            Settlement::GiveBack(reason) => {
                let receipt = receipt(nothing);
                self.give_back(&receipt, reason).await
            }
        }
    }

    /// Reserves what an expired order had; answers what that was, if there was enough of everything.
    async fn reserve_again(&mut self) -> Result<Option<Vec<VariantId>>, SettleError> {
        let bought = orders::bought(self.tx, self.order.id).await?;
        let wanted: Vec<Wanted> = bought
            .into_iter()
            .map(|(variant, quantity)| Wanted { variant, quantity })
            .collect();
        match stock::reserve(self.tx, self.order.id, Reservation::Committed, &wanted).await {
            Ok(()) => Ok(Some(wanted.iter().map(|item| item.variant).collect())),
            Err(ReserveError::OutOfStock(_)) => Ok(None),
            Err(error @ ReserveError::Database(_)) => Err(error.into()),
        }
    }

    /// `taken` is what there is less of from now on.
    async fn credit(
        &mut self,
        receipt: &Receipt<'_>,
        payment_status: PaymentStatus,
        word: &'static str,
        taken: &[VariantId],
    ) -> Result<Option<Outcome>, SettleError> {
        payments::credit(self.tx, self.cause, &self.attempt, receipt).await?;
        let detail = json!({ "reference": self.attempt.reference, "received": receipt.received });
        let change = Change {
            kind: word,
            status: OrderStatus::Open,
            payment_status,
            detail,
        };
        orders::change(self.tx, self.cause, &self.order, &change).await?;
        let order_id = self.order.id;
        let short = payment_status == PaymentStatus::Underpaid;
        let event = if short {
            Event::OrderUnderpaid { order_id }
        } else {
            Event::OrderPaid { order_id }
        };
        let less = taken.iter();
        let less = less.map(|variant_id| Event::StockChanged {
            variant_id: *variant_id,
        });
        self.announce([event].into_iter().chain(less)).await?;
        let kind = if short {
            "order_underpaid"
        } else {
            "order_paid"
        };
        let alert = payment_status != PaymentStatus::Paid;
        self.tell_staff(kind, alert, receipt.received).await?;
        Ok(Some(Outcome::credited(payment_status)))
    }

    async fn give_back(
        &mut self,
        receipt: &Receipt<'_>,
        reason: RefundReason,
    ) -> Result<Option<Outcome>, SettleError> {
        let refund_id =
            payments::give_back(self.tx, self.cause, &self.attempt, receipt, reason).await?;
        let change = Change {
            kind: "payment_returned",
            status: self.order.status,
            payment_status: self.order.payment_status,
            detail: json!({ "reference": self.attempt.reference, "reason": reason }),
        };
        orders::change(self.tx, self.cause, &self.order, &change).await?;
        self.announce([Event::RefundRequested { refund_id }])
            .await?;
        self.tell_staff("payment_returned", false, receipt.received)
            .await?;
        Ok(Some(Outcome::Returned))
    }

    async fn set_aside(
        &mut self,
        captured: &Captured,
        mismatch: Mismatch,
    ) -> Result<Option<Outcome>, SettleError> {
        let (attempt, id) = (&self.attempt, self.transaction_id);
        payments::set_aside(self.tx, self.cause, attempt, captured, id, mismatch).await?;
        let detail = json!({
            "reference": self.attempt.reference,
            "order": self.order.number,
            "reason": mismatch.as_str(),
            "amount": captured.amount,
            "currency": captured.currency,
        });
        let activity = Activity {
            kind: "payment_unmatched",
            alert: true,
            detail,
        };
        tell_staff(self.tx, self.cause, &activity).await?;
        Ok(Some(Outcome::Unmatched))
    }

    async fn announce(
        &mut self,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), DatabaseError> {
        let (at, request) = (self.cause.at, &self.cause.correlation_id);
        let events: Vec<_> = events.into_iter().map(Into::into).collect();
        outbox::announce(self.tx, at, request, &events).await
    }

    async fn tell_staff(
        &mut self,
        kind: &'static str,
        alert: bool,
        amount: Money,
    ) -> Result<(), SettleError> {
        let detail = json!({
            "order": self.order.number,
            "reference": self.attempt.reference,
            "amount": amount,
        });
        Ok(tell_staff(
            self.tx,
            self.cause,
            &Activity {
                kind,
                alert,
                detail,
            },
        )
        .await?)
    }
}

const fn paid_word(payment_status: PaymentStatus) -> &'static str {
    match payment_status {
        PaymentStatus::Underpaid => "underpaid",
        PaymentStatus::Overpaid => "overpaid",
        PaymentStatus::Paid
        | PaymentStatus::Unpaid
        | PaymentStatus::Pending
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded
        | PaymentStatus::Disputed
        | PaymentStatus::OnDelivery => "paid",
    }
}
