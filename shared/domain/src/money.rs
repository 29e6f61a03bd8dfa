//! Money: whole minor units and a currency. There is no float anywhere near it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::worded;
use crate::{Fault, Kind, Quantity};

worded! {
    /// The currencies that Paystack settles. Each has a minor unit of a hundredth (XOF too: its
    /// amounts are sent as value × 100; reference/paystack.md §1.7).
    pub enum Currency {
        /// Nigerian naira, in kobo.
        Ngn = "NGN",
        /// Ghanaian cedi, in pesewas.
        Ghs = "GHS",
        /// Kenyan shilling, in cents.
        Kes = "KES",
        /// South African rand, in cents.
        Zar = "ZAR",
        /// West African CFA franc, times 100.
        Xof = "XOF",
        /// US dollar, in cents.
        Usd = "USD",
    }
}

/// An amount of money, in minor units (kobo). Never negative: what is owed back has a name of its
/// own. Arithmetic is checked, and two currencies never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawMoney")]
pub struct Money {
    amount: i64,
    currency: Currency,
}

// An amount is two fields; what else a request names there is refused like any unknown field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMoney {
    amount: i64,
    currency: Currency,
}

impl TryFrom<RawMoney> for Money {
    type Error = MoneyError;

    fn try_from(raw: RawMoney) -> Result<Self, Self::Error> {
        Self::new(raw.amount, raw.currency)
    }
}

/// Why an amount is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero.
    #[error("an amount of money cannot be negative")]
    Negative,
    /// Beyond what 64 bits hold.
    #[error("the amount is too large")]
    TooLarge,
    /// `NGN` and `USD` cannot be added.
    #[error("{0} and {1} cannot be mixed")]
    Mixed(Currency, Currency),
}

impl Fault for MoneyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Negative | Self::TooLarge => Kind::Invalid,
            Self::Mixed(..) => Kind::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Negative => "negative_amount",
            Self::TooLarge => "amount_too_large",
            Self::Mixed(..) => "mixed_currencies",
        }
    }
}

impl Money {
    /// An amount in minor units.
    ///
    /// # Errors
    /// [`MoneyError::Negative`].
    pub const fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount < 0 {
            return Err(MoneyError::Negative);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self {
            amount: 0,
            currency,
        }
    }

    /// Minor units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] and [`MoneyError::TooLarge`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self
            .amount
            .checked_add(other.amount)
            .ok_or(MoneyError::TooLarge)?;
        Self::new(amount, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`], and [`MoneyError::Negative`] where `other` is more.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self
            .amount
            .checked_sub(other.amount)
            .ok_or(MoneyError::TooLarge)?;
        Self::new(amount, self.currency)
    }

    /// What is left of it after `other`, at least nothing.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`].
    pub fn less(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(
            self.amount.saturating_sub(other.amount).max(0),
            self.currency,
        )
    }

    /// So many of it.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self
            .amount
            .checked_mul(quantity.get())
            .ok_or(MoneyError::TooLarge)?;
        Self::new(amount, self.currency)
    }

    /// The tax that is contained in a gross amount, at a rate in basis points (750 is 7.5 %),
    /// rounded half up to a minor unit.
    #[must_use]
    pub fn tax_included(self, basis_points: u32) -> Self {
        let rate = i128::from(basis_points);
        let whole = 10_000 + rate;
        let tax = (i128::from(self.amount) * rate * 2 + whole) / (whole * 2);
        // The tax is below the amount, so it fits wherever the amount did.
        Self {
            amount: i64::try_from(tax).unwrap_or(self.amount),
            currency: self.currency,
        }
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mixed(self.currency, other.currency))
        }
    }
}

/// `NGN 12,500.00`: plain GSM-7 characters, so that an SMS stays cheap (`₦` would more than halve
/// what fits into a segment; reference/twilio.md §6).
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let major = (self.amount / 100).to_string();
        let mut grouped = String::with_capacity(major.len() + major.len() / 3);
        for (index, digit) in major.chars().enumerate() {
            if index > 0 && (major.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{} {grouped}.{:02}", self.currency, self.amount % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ngn(amount: i64) -> Money {
        Money::new(amount, Currency::Ngn).unwrap()
    }

    #[test]
    fn it_is_shown_with_thousands_and_two_decimals() {
        assert_eq!(ngn(1_250_000).to_string(), "NGN 12,500.00");
        assert_eq!(ngn(5).to_string(), "NGN 0.05");
        assert_eq!(ngn(12_345_678_901).to_string(), "NGN 123,456,789.01");
    }

    #[test]
    fn two_currencies_never_meet() {
        let dollars = Money::new(1, Currency::Usd).unwrap();
        assert_eq!(
            ngn(1).plus(dollars),
            Err(MoneyError::Mixed(Currency::Ngn, Currency::Usd))
        );
    }

    #[test]
    fn json_cannot_walk_around_the_constructor() {
        assert!(serde_json::from_str::<Money>(r#"{"amount":-1,"currency":"NGN"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"NGN"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"EUR"}"#).is_err());
    }

    #[test]
    fn the_vat_in_a_thousand_naira_is_69_naira_77() {
        assert_eq!(ngn(100_000).tax_included(750), ngn(6_977));
    }

    proptest! {
        #[test]
        fn tax_included_is_within_half_a_kobo_of_the_true_share(amount in 0..=i64::MAX / 4) {
            let tax = i128::from(ngn(amount).tax_included(750).amount());
            let error = tax * 10_750 - i128::from(amount) * 750;
            prop_assert!(error.abs() * 2 <= 10_750);
        }

        #[test]
        fn adding_and_taking_away_again_changes_nothing(a in 0..=i64::MAX / 2, b in 0..=i64::MAX / 2) {
            let sum = ngn(a).plus(ngn(b)).unwrap();
            prop_assert_eq!(sum.minus(ngn(b)).unwrap(), ngn(a));
            prop_assert_eq!(ngn(a).less(sum).unwrap(), ngn(0));
        }

        #[test]
        fn overflow_is_an_error_never_a_wrap(a in 0..=i64::MAX, n in 1_i64..=999) {
            let quantity = Quantity::new(n).unwrap();
            match a.checked_mul(n) {
                Some(product) => prop_assert_eq!(ngn(a).times(quantity).unwrap(), ngn(product)),
                None => prop_assert_eq!(ngn(a).times(quantity), Err(MoneyError::TooLarge)),
            }
        }
    }
}
