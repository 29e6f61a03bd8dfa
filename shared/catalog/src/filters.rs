//! What a shopper looks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Fault, Kind, Slug};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::SearchText;
use crate::search_text::LONGEST_TEXT;

/// The longest name of an option, in characters (`product_options.name`).
const LONGEST_NAME: usize = 60;
/// The longest value of an option that is looked for, in characters.
const LONGEST_VALUE: usize = 200;

/// What a list is narrowed to; all of it at once.
///
/// Options and stock are asked of one variant: `Size` 41 or 42 and in stock means that the 41 is there,
/// or the 42.
/// Prices are those that the list shows, the lowest of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Words in names, descriptions, options and SKUs.
    pub text: Option<SearchText>,
    /// A category with its descendants. One that does not exist has no products.
    pub category: Option<Slug>,
    /// The least lowest price, in kobo; products in other currencies than the naira are left out.
    pub min_price: Option<i64>,
    /// The greatest lowest price, in kobo; likewise.
    pub max_price: Option<i64>,
    /// Only products of which a piece is on a shelf.
    pub in_stock: bool,
    /// Options that a variant must have: of each that is named, one of the values.
    pub options: BTreeMap<OptionName, BTreeSet<OptionValue>>,
}

impl Filters {
    /// A short name of these filters: equal for equal ones, and for no others.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self)
    }
}

/// The hash of a value's `Debug` form, which has every field: one that is added later cannot be
/// forgotten. It is not meant to outlive a deployment by much.
pub(crate) fn fingerprint(value: &impl fmt::Debug) -> String {
    let hash = digest(&SHA256, format!("{value:?}").as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12])
}

/// Why a text cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// More than 200 characters.
    #[error("must have at most {LONGEST_TEXT} characters")]
    TextTooLong,
    /// An option's name has 1 to 60 characters and no control characters.
    #[error("must name an option in 1 to {LONGEST_NAME} characters")]
    OptionName,
    /// An option's value has 1 to 200 characters and no control characters.
    #[error("must have 1 to {LONGEST_VALUE} characters")]
    OptionValue,
}

impl Fault for FilterError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TextTooLong => "text_too_long",
            Self::OptionName => "invalid_option_name",
            Self::OptionValue => "invalid_option_value",
        }
    }
}

/// The name of an option, such as `Size`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OptionName(String);

impl OptionName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`FilterError::OptionName`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        bounded(text, LONGEST_NAME)
            .map(Self)
            .ok_or(FilterError::OptionName)
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of an option, such as `42`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OptionValue(String);

impl OptionValue {
    /// Checks a value.
    ///
    /// # Errors
    /// [`FilterError::OptionValue`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        bounded(text, LONGEST_VALUE)
            .map(Self)
            .ok_or(FilterError::OptionValue)
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Postgres refuses a NUL in a text, and no option has any other control character either.
fn bounded(text: &str, longest: usize) -> Option<String> {
    let fits = (1..=longest).contains(&text.chars().count());
    (fits && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_no_control_characters() {
        assert!(OptionName::parse("Size").is_ok() && OptionValue::parse("½ métre").is_ok());
        for bad in ["", "a\0", "a\u{1b}[1m"] {
            assert_eq!(OptionName::parse(bad), Err(FilterError::OptionName));
            assert_eq!(OptionValue::parse(bad), Err(FilterError::OptionValue));
        }
    }
}
