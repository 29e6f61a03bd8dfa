//! What became of an attempt to pay, for the shop's figures.

use domain::PaymentStatus;
use telemetry::metric;

/// The outcomes of settling, each of which happens to an attempt at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The order has what it asks for.
    Paid,
    /// The order has more than it asks for.
    Overpaid,
    /// The order has less than it asks for.
    Underpaid,
    /// The money goes back: a second payment, or one that came too late.
    Returned,
    /// The money belongs to nothing that the shop knows.
    Unmatched,
    /// Nobody paid.
    Failed,
}

impl Outcome {
    /// What crediting an order to this state was.
    pub(crate) const fn credited(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Underpaid => Self::Underpaid,
            PaymentStatus::Overpaid => Self::Overpaid,
            PaymentStatus::Paid
            | PaymentStatus::Unpaid
            | PaymentStatus::Pending
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded
            | PaymentStatus::Disputed
            | PaymentStatus::OnDelivery => Self::Paid,
        }
    }

    /// Counts it; after the commit.
    pub(crate) fn count(self) {
        metrics::counter!(metric::SETTLEMENTS, "outcome" => self.word()).increment(1);
        if matches!(self, Self::Paid | Self::Overpaid) {
            metrics::counter!(metric::ORDERS_PAID).increment(1);
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Overpaid => "overpaid",
            Self::Underpaid => "underpaid",
            Self::Returned => "returned",
            Self::Unmatched => "unmatched",
            Self::Failed => "failed",
        }
    }
}
