//! The three statuses of an order, each with its table of moves.

use crate::status::moves;
use crate::text::worded;

worded! {
    /// Where an order stands as a whole.
    pub enum OrderStatus {
        /// Placed; money or goods are still to move.
        Open = "open",
        /// Paid and delivered.
        Completed = "completed",
        /// Called off by the customer or by staff.
        Cancelled = "cancelled",
        /// Not paid in time; its stock went back.
        Expired = "expired",
    }
}

// An expired or cancelled order whose money arrives after all is opened again if there is stock.
moves!(OrderStatus {
    Open => [Completed, Cancelled, Expired],
    Completed => [],
    Cancelled => [Open],
    Expired => [Open],
});

worded! {
    /// What is known of an order's money. Derived from its payments by one writer, and persisted so
    /// that lists can filter and sort by it.
    pub enum PaymentStatus {
        /// Nothing came and nothing is expected.
        Unpaid = "unpaid",
        /// A payment was begun; its outcome is open.
        Pending = "pending",
        /// Exactly what was owed.
        Paid = "paid",
        /// Less than owed: held until staff accept or refund.
        Underpaid = "underpaid",
        /// More than owed: paid, and the surplus can be refunded.
        Overpaid = "overpaid",
        /// Some of it went back.
        PartiallyRefunded = "partially_refunded",
        /// All of it went back.
        Refunded = "refunded",
        /// The payer's bank has called it in question.
        Disputed = "disputed",
        /// The rider collects it.
        OnDelivery = "on_delivery",
    }
}

moves!(PaymentStatus {
    Unpaid => [Pending, Paid, Underpaid, Overpaid, Refunded, OnDelivery],
    Pending => [Unpaid, Paid, Underpaid, Overpaid, Refunded],
    Paid => [PartiallyRefunded, Refunded, Disputed],
    Underpaid => [Paid, Overpaid, PartiallyRefunded, Refunded, Disputed],
    Overpaid => [Paid, PartiallyRefunded, Refunded, Disputed],
    PartiallyRefunded => [Refunded, Disputed],
    Refunded => [],
    Disputed => [Paid, PartiallyRefunded, Refunded],
    OnDelivery => [Paid],
});

impl PaymentStatus {
    /// Whether the order's money is still to come, so that its reservation may run out.
    #[must_use]
    pub const fn awaits_payment(self) -> bool {
        matches!(self, Self::Unpaid | Self::Pending)
    }
}

worded! {
    /// Where the goods are.
    pub enum FulfilmentStatus {
        /// All on the shelf.
        Unfulfilled = "unfulfilled",
        /// Some are on their way.
        PartiallyFulfilled = "partially_fulfilled",
        /// All are on their way.
        Shipped = "shipped",
        /// The customer has them.
        Delivered = "delivered",
        /// They came back.
        Returned = "returned",
    }
}

moves!(FulfilmentStatus {
    Unfulfilled => [PartiallyFulfilled, Shipped],
    PartiallyFulfilled => [Shipped],
    Shipped => [Delivered, Returned],
    Delivered => [Returned],
    Returned => [],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completed_order_stays_completed() {
        for to in OrderStatus::ALL
            .iter()
            .filter(|to| **to != OrderStatus::Completed)
        {
            assert!(!OrderStatus::Completed.may_become(*to), "completed → {to}");
        }
    }

    #[test]
    fn money_once_received_is_never_forgotten() {
        use PaymentStatus::{
            Disputed, Overpaid, Paid, PartiallyRefunded, Pending, Underpaid, Unpaid,
        };
        for from in [Paid, Underpaid, Overpaid, PartiallyRefunded, Disputed] {
            for to in [Unpaid, Pending] {
                assert!(from.become_(to).is_err(), "{from} → {to}");
            }
        }
    }
}
