//! The words of stock keeping.

use crate::text::{tidy, worded};
use crate::{Availability, Fault, Kind, VariantId};

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

worded! {
    /// Why staff change what lies on a shelf.
    pub enum AdjustmentKind {
        /// Goods came in.
        Receive = "receive",
        /// A count was wrong.
        Correct = "correct",
        /// Goods were lost, broken or stolen.
        WriteOff = "write_off",
    }
}

/// Why a value about stock cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StockValueError {
    /// No number of pieces for this kind of adjustment.
    #[error("must be {least} to {most}, and not 0", most = Pieces::MOST)]
    Pieces {
        /// The least that this kind takes.
        least: i64,
    },
    /// No limit for a level.
    #[error("must be 0 to {}", StockLimit::MOST)]
    Limit,
    /// No name for a location.
    #[error("must have 1 to {} characters", LocationName::MAX)]
    LocationName,
}

impl Fault for StockValueError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Pieces { .. } => "invalid_quantity",
            Self::Limit => "invalid_limit",
            Self::LocationName => "invalid_name",
        }
    }
}

/// By how many pieces a shelf changes: never 0, at most a million either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces(i64);

impl Pieces {
    /// The most that one line moves.
    pub const MOST: i64 = 1_000_000;

    /// What a quantity means for this kind: goods that come in are counted, so are those that are written
    /// off, and a correction says by how much the count was wrong, either way.
    ///
    /// # Errors
    /// [`StockValueError::Pieces`].
    pub const fn of(kind: AdjustmentKind, quantity: i64) -> Result<Self, StockValueError> {
        let least = match kind {
            AdjustmentKind::Receive | AdjustmentKind::WriteOff => 1,
            AdjustmentKind::Correct => -Self::MOST,
        };
        if quantity == 0 || quantity < least || quantity > Self::MOST {
            return Err(StockValueError::Pieces { least });
        }
        Ok(match kind {
            AdjustmentKind::Receive | AdjustmentKind::Correct => Self(quantity),
            AdjustmentKind::WriteOff => Self(-quantity),
        })
    }

    /// The change; negative where pieces go.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl AdjustmentKind {
    /// The movement that it writes.
    #[must_use]
    pub const fn movement(self) -> MovementKind {
        match self {
            Self::Receive => MovementKind::Received,
            Self::Correct | Self::WriteOff => MovementKind::Adjusted,
        }
    }
}

/// A threshold or a limit of a stock level: 0 to a million pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockLimit(i64);

impl StockLimit {
    /// The highest.
    pub const MOST: i64 = 1_000_000;

    /// A limit.
    ///
    /// # Errors
    /// [`StockValueError::Limit`].
    pub fn new(pieces: i64) -> Result<Self, StockValueError> {
        let sane = (0..=Self::MOST).contains(&pieces);
        sane.then_some(Self(pieces)).ok_or(StockValueError::Limit)
    }

    /// In pieces.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The name of a place where stock lies: one line, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationName(String);

impl LocationName {
    /// The longest, in characters.
    pub const MAX: usize = 100;

    /// Tidies and checks a text.
    ///
    /// # Errors
    /// [`StockValueError::LocationName`].
    pub fn parse(text: &str) -> Result<Self, StockValueError> {
        let text = tidy(text);
        let fits = (1..=Self::MAX).contains(&text.chars().count());
        fits.then_some(Self(text))
            .ok_or(StockValueError::LocationName)
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What happened to a variant that somebody waits to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// There was plenty; now there is little.
    Low,
    /// There was something on the shelf; now there is nothing.
    Out,
    /// There was nothing on the shelf; now there is something.
    Back,
}

impl Crossing {
    /// What it means that a variant that was `before` is `now`.
    #[must_use]
    pub const fn between(before: Availability, now: Availability) -> Option<Self> {
        match (before.on_shelf(), now.on_shelf()) {
            (true, false) => Some(Self::Out),
            (false, true) => Some(Self::Back),
            (true, true) => match (before, now) {
                (Availability::InStock, Availability::LowStock) => Some(Self::Low),
                (_, _) => None,
            },
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_counts_what_comes_and_what_goes_and_is_never_nothing() {
        use AdjustmentKind::{Correct, Receive, WriteOff};
        let delta = |kind, quantity| Pieces::of(kind, quantity).map(Pieces::get).ok();
        assert_eq!(delta(Receive, 7), Some(7));
        assert_eq!(delta(WriteOff, 7), Some(-7));
        assert_eq!(delta(Correct, 7), Some(7));
        assert_eq!(delta(Correct, -7), Some(-7));
        for kind in [Receive, Correct, WriteOff] {
            for wrong in [0, Pieces::MOST + 1, -Pieces::MOST - 1, i64::MAX, i64::MIN] {
                assert_eq!(delta(kind, wrong), None, "{kind} {wrong}");
            }
        }
        assert_eq!((delta(Receive, -1), delta(WriteOff, -1)), (None, None));
    }

    #[test]
    fn a_location_has_a_name_of_one_line() {
        assert_eq!(
            LocationName::parse(" Main\n shelf ").unwrap().as_str(),
            "Main shelf"
        );
        for wrong in ["", " \n", &"x".repeat(LocationName::MAX + 1)] {
            assert_eq!(
                LocationName::parse(wrong),
                Err(StockValueError::LocationName)
            );
        }
    }

    #[test]
    fn a_crossing_is_told_in_one_direction_each() {
        use Availability::{Backorder, InStock, LowStock, OutOfStock};
        let cases = [
            (InStock, LowStock, Some(Crossing::Low)),
            (InStock, OutOfStock, Some(Crossing::Out)),
            (LowStock, Backorder, Some(Crossing::Out)),
            (OutOfStock, LowStock, Some(Crossing::Back)),
            (Backorder, InStock, Some(Crossing::Back)),
            (LowStock, InStock, None),
            (Backorder, OutOfStock, None),
            (InStock, InStock, None),
        ];
        for (before, now, crossing) in cases {
            assert_eq!(Crossing::between(before, now), crossing, "{before} {now}");
        }
    }
}
