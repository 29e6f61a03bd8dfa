//! Reading stored words and amounts back into the domain's types.

use std::str::FromStr;

use domain::{Money, Unreadable};

use crate::DatabaseError;

/// A stored word of one of the domain's enums.
///
/// # Errors
/// [`DatabaseError::Unreadable`] for a word no version of this code has written.
pub fn read_word<T: FromStr<Err = Unreadable>>(word: &str) -> Result<T, DatabaseError> {
    Ok(word.parse()?)
}

/// A stored amount with its currency.
///
/// # Errors
/// [`DatabaseError::Unreadable`] and [`DatabaseError::Amount`].
pub fn money(amount: i64, currency: &str) -> Result<Money, DatabaseError> {
    Ok(Money::new(amount, read_word(currency)?)?)
}
