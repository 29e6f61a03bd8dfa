//! The words of stock keeping.

use crate::text::worded;
use crate::{Fault, Kind, VariantId};

worded! {
    /// Why a counter of a stock level moved. The sum of all movements is the counter, always.
    pub enum MovementKind {
        /// Goods came in.
        Received = "received",
        /// A count put right.
        Adjusted = "adjusted",
        /// Promised to an order.
        Reserved = "reserved",
        /// A promise withdrawn.
        Released = "released",
        /// Sent to the customer.
        Shipped = "shipped",
        /// Came back from the customer.
        Returned = "returned",
    }
}

worded! {
    /// What became of a promise of stock.
    pub enum ReservationStatus {
        /// For an order that awaits its money; runs out.
        Held = "held",
        /// For an order that is paid or paid on delivery; does not run out.
        Committed = "committed",
        /// Given back.
        Released = "released",
        /// The goods left.
        Shipped = "shipped",
    }
}

/// There is less of a variant than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{requested} of variant {variant} were asked for, {available} are available")]
pub struct Shortage {
    /// Which variant.
    pub variant: VariantId,
    /// How many pieces were asked for.
    pub requested: i64,
    /// How many pieces there are, at least 0.
    pub available: i64,
}

impl Fault for Shortage {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "out_of_stock"
    }
}
