//! What an order costs.

use crate::{Money, MoneyError, Quantity};

/// Nigerian value added tax, 7.5 %, contained in every price.
pub const VAT_BASIS_POINTS: u32 = 750;

/// One line with its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// Gross price of one piece.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// `unit_price` × `quantity`.
    pub total: Money,
}

impl PricedLine {
    /// Prices a line.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn new(unit_price: Money, quantity: Quantity) -> Result<Self, MoneyError> {
        Ok(Self {
            unit_price,
            quantity,
            total: unit_price.times(quantity)?,
        })
    }
}

/// What an invoice says below its lines: `total = subtotal - discount + delivery`, and `tax` is the
/// part of `total` that is VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// The sum of the lines.
    pub subtotal: Money,
    /// What was let off.
    pub discount: Money,
    /// What the delivery costs.
    pub delivery: Money,
    /// The VAT contained in `total`.
    pub tax: Money,
    /// What is owed.
    pub total: Money,
}

/// Adds an order up.
///
/// # Errors
/// [`MoneyError`] where the sum is too large, or a line is in another currency than the delivery.
pub fn price_order<'a>(
    lines: impl IntoIterator<Item = &'a PricedLine>,
    delivery: Money,
) -> Result<Totals, MoneyError> {
    let nothing = Money::zero(delivery.currency());
    let subtotal = lines
        .into_iter()
        .try_fold(nothing, |sum, line| sum.plus(line.total))?;
    let total = subtotal.plus(delivery)?;
    Ok(Totals {
        subtotal,
        discount: nothing,
        delivery,
        tax: total.tax_included(VAT_BASIS_POINTS),
        total,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    proptest! {
        #[test]
        fn totals_always_add_up(
            lines in prop::collection::vec((1_i64..10_000_000, 1_i64..=999), 1..20),
            delivery in 0_i64..1_000_000,
        ) {
            let priced: Vec<_> = lines
                .iter()
                .map(|(price, pieces)| {
                    let price = Money::new(*price, Currency::Ngn).unwrap();
                    PricedLine::new(price, Quantity::new(*pieces).unwrap()).unwrap()
                })
                .collect();
            let totals = price_order(&priced, Money::new(delivery, Currency::Ngn).unwrap()).unwrap();
            let by_hand: i64 = lines.iter().map(|(price, pieces)| price * pieces).sum();
            prop_assert_eq!(totals.subtotal.amount(), by_hand);
            prop_assert_eq!(totals.total.amount(), by_hand + delivery);
            prop_assert!(totals.tax.amount() * 14 <= totals.total.amount() + 14);
        }
    }
}
