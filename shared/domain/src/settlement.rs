//! What a payment means for its order: pure, so that every case can be tried.
//!
//! Two steps. [`compare`] holds what the provider says against what was asked for, without looking
//! at the order. [`settle`] decides, under the order's lock, what to do with the money. Both match
//! without a wildcard: a new state does not compile until it has been decided here.

use crate::{
    AttemptStatus, Currency, Mode, Money, OrderStatus, PaymentReference, PaymentStatus,
    RefundReason,
};

/// What the provider says of one reference, in the shop's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Nobody paid yet; the payer may still.
    Open,
    /// The attempt failed; a payer may still turn it to success.
    Failed {
        /// The provider's reason, for staff.
        reason: String,
    },
    /// Money was captured.
    Captured(Captured),
}

/// Money that the provider holds for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The reference the provider names.
    pub reference: String,
    /// Minor units, as charged.
    pub amount: i64,
    /// Minor units, as asked for, where the provider tells; differs from `amount` where the payer
    /// bears the fees or a card was debited in part.
    pub requested_amount: Option<i64>,
    /// Minor units, where the provider tells.
    pub fees: Option<i64>,
    /// ISO 4217, as the provider spells it.
    pub currency: String,
    /// Real money or play money.
    pub mode: Option<Mode>,
}

/// Why captured money cannot be credited to the attempt it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Another reference than the one asked about.
    Reference,
    /// Another currency than was asked for.
    Currency,
    /// Test money in the live shop, or the other way round.
    Mode,
    /// No amount, or a negative one.
    Amount,
}

impl Mismatch {
    /// The word under which staff see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "other_reference",
            Self::Currency => "other_currency",
            Self::Mode => "other_mode",
            Self::Amount => "no_amount",
        }
    }
}

/// Holds captured money against what was asked for, and answers what the shop received of it.
///
/// Where the payer bears the fees, the charge is `requested + fees` and the shop received what it
/// asked for (reference/paystack.md §3.3); in every other case it received what was charged.
///
/// # Errors
/// [`Mismatch`]: the money is real but credits nothing.
pub fn compare(
    captured: &Captured,
    reference: &PaymentReference,
    currency: Currency,
    mode: Mode,
) -> Result<Money, Mismatch> {
    if captured.reference != reference.as_str() {
        return Err(Mismatch::Reference);
    }
    if captured.currency != currency.as_str() {
        return Err(Mismatch::Currency);
    }
    if captured.mode != Some(mode) {
        return Err(Mismatch::Mode);
    }
    let payer_bears_fees = captured
        .requested_amount
        .zip(captured.fees)
        .is_some_and(|(requested, fees)| requested.checked_add(fees) == Some(captured.amount));
    let received = match captured.requested_amount {
        Some(requested) if payer_bears_fees => requested,
        Some(_) | None => captured.amount,
    };
    match Money::new(received, currency) {
        Ok(money) if !money.is_zero() => Ok(money),
        Ok(_) | Err(_) => Err(Mismatch::Amount),
    }
}

/// The order as it stands under its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The order's status.
    pub status: OrderStatus,
    /// The order's payment status.
    pub payment_status: PaymentStatus,
    /// What the order costs.
    pub total: Money,
    /// What its other payments have credited to it.
    pub credited: Money,
}

/// What to do with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Nothing: it has been done before, or there is nothing to do yet.
    Nothing,
    /// Credit it to the order, which becomes this.
    Credit {
        /// Paid, underpaid or overpaid.
        payment_status: PaymentStatus,
        /// What is above the debt, refundable.
        surplus: Money,
    },
    /// The order has expired or was cancelled: credit it if its stock can be reserved again, else
    /// give it back. Exactly one of the two.
    Revive {
        /// Paid or overpaid.
        payment_status: PaymentStatus,
        /// What is above the debt, refundable.
        surplus: Money,
    },
    /// Give it back.
    GiveBack(RefundReason),
}

/// Decides what `received` (what [`compare`] answered) means for an attempt and its order.
///
/// Settling again what was settled answers [`Settlement::Nothing`], so this may be called any
/// number of times, at once, from anywhere, as long as the order's row is locked.
#[must_use]
pub fn settle(attempt: AttemptStatus, owed: Owed, received: Money) -> Settlement {
    match attempt {
        AttemptStatus::Created | AttemptStatus::Open | AttemptStatus::Failed => {}
        AttemptStatus::Paid
        | AttemptStatus::Returning
        | AttemptStatus::Refunded
        | AttemptStatus::Unmatched => return Settlement::Nothing,
    }
    let (Ok(sum), Ok(missing)) = (owed.credited.plus(received), owed.total.less(owed.credited))
    else {
        // `compare` has checked the currency; an order holds one.
        return Settlement::Nothing;
    };
    let surplus = received
        .less(missing)
        .unwrap_or(Money::zero(received.currency()));
    let payment_status = match sum.amount().cmp(&owed.total.amount()) {
        std::cmp::Ordering::Less => PaymentStatus::Underpaid,
        std::cmp::Ordering::Equal => PaymentStatus::Paid,
        std::cmp::Ordering::Greater => PaymentStatus::Overpaid,
    };
    match owed.payment_status {
        PaymentStatus::Paid
        | PaymentStatus::Overpaid
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Disputed => Settlement::GiveBack(RefundReason::Duplicate),
        PaymentStatus::Refunded => Settlement::GiveBack(RefundReason::Late),
        PaymentStatus::Unpaid
        | PaymentStatus::Pending
        | PaymentStatus::Underpaid
        | PaymentStatus::OnDelivery => match owed.status {
            OrderStatus::Open => Settlement::Credit {
                payment_status,
                surplus,
            },
            // Less than owed for an order that is gone: nothing to hold it for.
            OrderStatus::Expired | OrderStatus::Cancelled
                if payment_status == PaymentStatus::Underpaid =>
            {
                Settlement::GiveBack(RefundReason::Late)
            }
            OrderStatus::Expired | OrderStatus::Cancelled => Settlement::Revive {
                payment_status,
                surplus,
            },
            OrderStatus::Completed => Settlement::GiveBack(RefundReason::Duplicate),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ngn(amount: i64) -> Money {
        Money::new(amount, Currency::Ngn).unwrap()
    }

    fn captured(reference: &PaymentReference) -> Captured {
        Captured {
            reference: reference.as_str().to_owned(),
            amount: 500_000,
            requested_amount: Some(500_000),
            fees: Some(17_500),
            currency: "NGN".to_owned(),
            mode: Some(Mode::Test),
        }
    }

    fn open(total: i64) -> Owed {
        Owed {
            status: OrderStatus::Open,
            payment_status: PaymentStatus::Pending,
            total: ngn(total),
            credited: ngn(0),
        }
    }

    #[test]
    fn the_exact_amount_is_what_the_shop_received() {
        let reference = PaymentReference::random();
        let received = compare(&captured(&reference), &reference, Currency::Ngn, Mode::Test);
        assert_eq!(received, Ok(ngn(500_000)));
    }

    #[test]
    fn fees_borne_by_the_payer_are_no_surplus() {
        let reference = PaymentReference::random();
        // The figures of the provider's own sample (reference/paystack.md §3.1).
        let sample = Captured {
            amount: 40_333,
            requested_amount: Some(30_050),
            fees: Some(10_283),
            ..captured(&reference)
        };
        assert_eq!(
            compare(&sample, &reference, Currency::Ngn, Mode::Test),
            Ok(ngn(30_050))
        );
    }

    #[test]
    fn lies_of_every_kind_are_told_apart() {
        let reference = PaymentReference::random();
        let honest = captured(&reference);
        let judge = |lie: Captured| compare(&lie, &reference, Currency::Ngn, Mode::Test);
        let other = PaymentReference::random().as_str().to_owned();
        assert_eq!(
            judge(Captured {
                reference: other,
                ..honest.clone()
            }),
            Err(Mismatch::Reference)
        );
        assert_eq!(
            judge(Captured {
                currency: "USD".into(),
                ..honest.clone()
            }),
            Err(Mismatch::Currency)
        );
        assert_eq!(
            judge(Captured {
                mode: Some(Mode::Live),
                ..honest.clone()
            }),
            Err(Mismatch::Mode)
        );
        assert_eq!(
            judge(Captured {
                mode: None,
                ..honest.clone()
            }),
            Err(Mismatch::Mode)
        );
        for amount in [0, -1] {
            let nothing = Captured {
                amount,
                requested_amount: None,
                ..honest.clone()
            };
            assert_eq!(judge(nothing), Err(Mismatch::Amount));
        }
    }

    #[test]
    fn exact_less_and_more_in_time() {
        let zero = ngn(0);
        let settle = |received| settle(AttemptStatus::Open, open(1_000), ngn(received));
        let credit = |payment_status, surplus| Settlement::Credit {
            payment_status,
            surplus,
        };
        assert_eq!(settle(1_000), credit(PaymentStatus::Paid, zero));
        assert_eq!(settle(999), credit(PaymentStatus::Underpaid, zero));
        assert_eq!(settle(1_300), credit(PaymentStatus::Overpaid, ngn(300)));
    }

    #[test]
    fn a_second_payment_of_a_paid_order_goes_back_whole() {
        let paid = Owed {
            payment_status: PaymentStatus::Paid,
            credited: ngn(1_000),
            ..open(1_000)
        };
        let settlement = settle(AttemptStatus::Open, paid, ngn(1_000));
        assert_eq!(settlement, Settlement::GiveBack(RefundReason::Duplicate));
    }

    #[test]
    fn the_rest_of_an_underpaid_order_completes_it() {
        let held = Owed {
            payment_status: PaymentStatus::Underpaid,
            credited: ngn(400),
            ..open(1_000)
        };
        let settlement = settle(AttemptStatus::Open, held, ngn(600));
        let surplus = ngn(0);
        assert_eq!(
            settlement,
            Settlement::Credit {
                payment_status: PaymentStatus::Paid,
                surplus
            }
        );
    }

    #[test]
    fn money_after_expiry_revives_the_order_or_goes_back() {
        let expired = Owed {
            status: OrderStatus::Expired,
            ..open(1_000)
        };
        let surplus = ngn(0);
        let revive = Settlement::Revive {
            payment_status: PaymentStatus::Paid,
            surplus,
        };
        assert_eq!(settle(AttemptStatus::Open, expired, ngn(1_000)), revive);
        let too_little = settle(AttemptStatus::Open, expired, ngn(900));
        assert_eq!(too_little, Settlement::GiveBack(RefundReason::Late));
    }

    fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        prop::sample::select(all)
    }

    proptest! {
        #[test]
        fn money_never_vanishes(
            attempt in any_of(AttemptStatus::ALL),
            status in any_of(OrderStatus::ALL),
            payment_status in any_of(PaymentStatus::ALL),
            total in 1_i64..1_000_000,
            credited in 0_i64..1_000_000,
            received in 1_i64..3_000_000,
        ) {
            let owed = Owed { status, payment_status, total: ngn(total), credited: ngn(credited) };
            let settlement = settle(attempt, owed, ngn(received));
            // Money of an unsettled attempt is credited or goes back; of a settled one, never twice.
            prop_assert_eq!(settlement == Settlement::Nothing, !attempt.is_unsettled());
            match settlement {
                Settlement::Credit { payment_status: next, surplus }
                | Settlement::Revive { payment_status: next, surplus } => {
                    prop_assert!(payment_status.may_become(next) || payment_status == PaymentStatus::OnDelivery);
                    prop_assert_eq!(surplus.is_zero(), next != PaymentStatus::Overpaid);
                    prop_assert!(surplus.amount() <= received);
                }
                Settlement::GiveBack(_) | Settlement::Nothing => {}
            }
        }
    }
}
