//! How many of something a customer wants.

use serde::Serialize;

use crate::{Fault, Kind};

/// A whole number of pieces, 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(i64);

/// Why a number is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Zero or negative.
    #[error("must be at least 1")]
    TooSmall,
    /// More than one order may carry of one thing.
    #[error("must be at most {}", Quantity::MAX)]
    TooLarge,
}

impl Fault for QuantityError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooSmall => "quantity_too_small",
            Self::TooLarge => "quantity_too_large",
        }
    }
}

impl Quantity {
    /// The most pieces of one variant in one order.
    pub const MAX: i64 = 999;

    /// A quantity.
    ///
    /// # Errors
    /// [`QuantityError`] outside 1 to [`Quantity::MAX`].
    pub const fn new(pieces: i64) -> Result<Self, QuantityError> {
        match pieces {
            ..=0 => Err(QuantityError::TooSmall),
            1..=Self::MAX => Ok(Self(pieces)),
            _ => Err(QuantityError::TooLarge),
        }
    }

    /// The number of pieces.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
