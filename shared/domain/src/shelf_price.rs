//! What a variant costs, and what it is said to have cost.

use crate::{Currency, Fault, Kind, Money};

/// Why an amount cannot be a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShelfPriceError {
    /// Nothing is given away.
    #[error("must be above zero")]
    NotPositive,
    /// Whoever asks for more has mistyped.
    #[error("must be at most {} minor units", ShelfPrice::HIGHEST)]
    TooHigh,
    /// A former price that is no higher is no reduction.
    #[error("must be above the price")]
    NotReduced,
    /// A product has one currency.
    #[error("must be in {0}, the product's currency")]
    Currency(Currency),
}

impl Fault for ShelfPriceError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPositive => "price_not_positive",
            Self::TooHigh => "price_too_high",
            Self::NotReduced => "compare_at_not_above_price",
            Self::Currency(_) => "wrong_currency",
        }
    }
}

/// The price of a variant, above zero, and the higher one that is shown beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfPrice {
    price: Money,
    compare_at: Option<Money>,
}

impl ShelfPrice {
    /// No price is higher, in minor units: NGN 10,000,000,000.00.
    pub const HIGHEST: i64 = 1_000_000_000_000;

    /// Checks an amount in minor units, by itself.
    ///
    /// # Errors
    /// [`ShelfPriceError`].
    pub const fn amount(amount: i64) -> Result<i64, ShelfPriceError> {
        match amount {
            ..=0 => Err(ShelfPriceError::NotPositive),
            1..=Self::HIGHEST => Ok(amount),
            _ => Err(ShelfPriceError::TooHigh),
        }
    }

    /// Checks a price and what stands beside it.
    ///
    /// # Errors
    /// [`ShelfPriceError`].
    pub fn new(price: Money, compare_at: Option<Money>) -> Result<Self, ShelfPriceError> {
        Self::amount(price.amount())?;
        if let Some(before) = compare_at {
            Self::amount(before.amount())?;
            if before.currency() != price.currency() {
                return Err(ShelfPriceError::Currency(price.currency()));
            }
            if before.amount() <= price.amount() {
                return Err(ShelfPriceError::NotReduced);
            }
        }
        Ok(Self { price, compare_at })
    }

    /// Whether it is in a product's currency.
    ///
    /// # Errors
    /// [`ShelfPriceError::Currency`].
    pub fn must_be_in(self, currency: Currency) -> Result<Self, ShelfPriceError> {
        if self.price.currency() == currency {
            Ok(self)
        } else {
            Err(ShelfPriceError::Currency(currency))
        }
    }

    /// What a piece costs.
    #[must_use]
    pub const fn price(self) -> Money {
        self.price
    }

    /// What it is said to have cost.
    #[must_use]
    pub const fn compare_at(self) -> Option<Money> {
        self.compare_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naira(amount: i64) -> Money {
        Money::new(amount, Currency::Ngn).unwrap()
    }

    #[test]
    fn a_price_is_above_zero_and_below_what_stands_beside_it() {
        assert!(ShelfPrice::new(naira(1), Some(naira(2))).is_ok());
        assert!(ShelfPrice::new(naira(ShelfPrice::HIGHEST), None).is_ok());
        let refused = |price, before: Option<i64>| {
            ShelfPrice::new(naira(price), before.map(naira)).unwrap_err()
        };
        assert_eq!(refused(0, None), ShelfPriceError::NotPositive);
        assert_eq!(
            refused(ShelfPrice::HIGHEST + 1, None),
            ShelfPriceError::TooHigh
        );
        assert_eq!(refused(2, Some(2)), ShelfPriceError::NotReduced);
        assert_eq!(ShelfPrice::amount(-5), Err(ShelfPriceError::NotPositive));
    }

    #[test]
    fn a_price_is_in_the_currency_of_its_product() {
        let dollars = Money::new(5, Currency::Usd).unwrap();
        let mixed = ShelfPrice::new(naira(1), Some(dollars));
        assert_eq!(mixed, Err(ShelfPriceError::Currency(Currency::Ngn)));
        let price = ShelfPrice::new(dollars, None).unwrap();
        assert!(price.must_be_in(Currency::Ngn).is_err());
        assert!(price.must_be_in(Currency::Usd).is_ok());
    }
}
