//! The words of the catalogue.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::text::worded;
use crate::{Fault, Kind};

/// Why a word cannot be a slug or an SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueWordError {
    /// A slug is 1 to 120 of `a-z`, `0-9` and single hyphens within.
    #[error("must have 1 to 120 of a-z, 0-9 and single hyphens between them")]
    Slug,
    /// An SKU is 1 to 64 of `A-Z`, `0-9`, `-`, `_`, `.` and `/`.
    #[error("must have 1 to 64 of A-Z, 0-9, '-', '_', '.' and '/'")]
    Sku,
}

impl Fault for CatalogueWordError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Slug => "invalid_slug",
            Self::Sku => "invalid_sku",
        }
    }
}

/// The name of a product or category in an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

impl FromStr for Slug {
    type Err = CatalogueWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if text.len() <= 120 && text.split('-').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CatalogueWordError::Slug)
        }
    }
}

impl Slug {
    /// The longest that is made of a name, so that a number fits behind it.
    const MADE: usize = 100;

    /// The slug of a name whose accents are gone already: its words, as far as they fit. None where no
    /// letter or digit of ASCII is left.
    #[must_use]
    pub fn of_words(words: &str) -> Option<Self> {
        let mut slug = String::new();
        let plain = words.split(|c: char| !c.is_ascii_alphanumeric());
        for word in plain.filter(|word| !word.is_empty()) {
            let begun = !slug.is_empty();
            if begun && slug.len() + 1 + word.len() > Self::MADE {
                break;
            }
            slug.push_str(if begun { "-" } else { "" });
            slug.extend(
                word.chars()
                    .take(Self::MADE)
                    .map(|c| c.to_ascii_lowercase()),
            );
        }
        (!slug.is_empty()).then_some(Self(slug))
    }

    /// The same with a number behind it, for a name that is taken. None where it would be too long.
    #[must_use]
    pub fn numbered(&self, number: i64) -> Option<Self> {
        format!("{}-{number}", self.0).parse().ok()
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Stock keeping unit: the merchant's own name of a variant; upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Sku(String);

impl FromStr for Sku {
    type Err = CatalogueWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sku = text.trim().to_ascii_uppercase();
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "-_./".contains(c);
        if (1..=64).contains(&sku.len()) && sku.chars().all(allowed) {
            Ok(Self(sku))
        } else {
            Err(CatalogueWordError::Sku)
        }
    }
}

impl Sku {
    /// An SKU with more words behind it, each after a hyphen.
    ///
    /// # Errors
    /// [`CatalogueWordError::Sku`] where it becomes too long, or a word has another letter.
    pub fn extended<'a>(
        &self,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, CatalogueWordError> {
        let mut text = self.0.clone();
        for word in words {
            text.push('-');
            text.push_str(word);
        }
        text.parse()
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

worded! {
    /// Whether a variant can be had. A number is told only where staff allow it.
    pub enum Availability {
        /// Plenty.
        InStock = "in_stock",
        /// At or below the variant's threshold.
        LowStock = "low_stock",
        /// None on the shelf; orders are taken and sent later.
        Backorder = "backorder",
        /// None.
        OutOfStock = "out_of_stock",
    }
}

impl Availability {
    /// What a stock level means to a shopper. Counts are pieces: `on_hand` on the shelf, `reserved`
    /// promised, `backorder_limit` how far below the shelf orders may go.
    #[must_use]
    pub const fn of(on_hand: i64, reserved: i64, backorder_limit: i64, threshold: i64) -> Self {
        let available = on_hand.saturating_sub(reserved);
        if available > threshold && available > 0 {
            Self::InStock
        } else if available > 0 {
            Self::LowStock
        } else if available.saturating_add(backorder_limit) > 0 {
            Self::Backorder
        } else {
            Self::OutOfStock
        }
    }

    /// Whether there is a piece that nobody has been promised.
    #[must_use]
    pub const fn on_shelf(self) -> bool {
        matches!(self, Self::InStock | Self::LowStock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_words_joined_by_single_hyphens() {
        assert!("ankara-shirt-2".parse::<Slug>().is_ok());
        for bad in ["", "-a", "a-", "a--b", "Ankara", "a b", "ünder"] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_slug_is_made_of_the_words_that_fit() {
        let made = |words: &str| Slug::of_words(words).map(|slug| slug.to_string());
        assert_eq!(made("Ankara  T-shirt!"), Some("ankara-t-shirt".to_owned()));
        assert_eq!(made("قميص ?!"), None);
        let long = made(&"word ".repeat(60)).unwrap();
        assert!(
            long.len() <= Slug::MADE && long.ends_with("-word"),
            "{long}"
        );
        let numbered = Slug::of_words("shirt").unwrap().numbered(2).unwrap();
        assert_eq!(numbered.as_str(), "shirt-2");
    }

    proptest::proptest! {
        #[test]
        fn what_is_made_of_any_words_is_a_slug_and_stays_one_with_a_number(
            words in ".{0,300}", number in 2_i64..1_000_000
        ) {
            if let Some(slug) = Slug::of_words(&words) {
                proptest::prop_assert!(slug.as_str().parse::<Slug>().is_ok(), "{slug}");
                proptest::prop_assert!(slug.numbered(number).is_some(), "{slug}");
            }
        }
    }

    #[test]
    fn availability_follows_shelf_promises_and_limits() {
        assert_eq!(Availability::of(10, 0, 0, 3), Availability::InStock);
        assert_eq!(Availability::of(10, 7, 0, 3), Availability::LowStock);
        assert_eq!(Availability::of(10, 10, 5, 3), Availability::Backorder);
        assert_eq!(Availability::of(10, 15, 5, 3), Availability::OutOfStock);
        assert_eq!(Availability::of(0, 0, 0, 0), Availability::OutOfStock);
    }
}
