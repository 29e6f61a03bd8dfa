//! What a product is made of, as far as it can be judged without looking at the shop.

use std::fmt;

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;

use crate::status::moves;
use crate::text::{tidy, worded};
use crate::{Fault, Kind};

worded! {
    /// Whether customers see a product.
    pub enum ProductStatus {
        /// It is being prepared.
        Draft = "draft",
        /// It is on sale from its time of publication on.
        Published = "published",
        /// It was taken out of the catalogue. Its orders keep it.
        Archived = "archived",
    }
}

// What comes back from the archive is looked at before it is on sale again.
moves!(ProductStatus {
    Draft => [Published, Archived],
    Published => [Draft, Archived],
    Archived => [Draft],
});

/// Why a text or a time cannot belong to a product or category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProductWordError {
    /// The name of a product.
    #[error("must have 1 to {} characters", ProductName::MAX)]
    ProductName,
    /// The name of a category.
    #[error("must have 1 to {} characters", CategoryName::MAX)]
    CategoryName,
    /// The name of an option.
    #[error("must have 1 to {} characters", OptionName::MAX)]
    OptionName,
    /// A value of an option.
    #[error("must have 1 to {} characters", OptionValue::MAX)]
    OptionValue,
    /// What is looked for.
    #[error("must have 1 to {} characters", SearchWords::MAX)]
    SearchWords,
    /// A description.
    #[error("must have at most {} characters", Description::MAX)]
    Description,
    /// A time of publication.
    #[error("must be a time from 1970 to {}", PublicationTime::LATEST_YEAR)]
    PublicationTime,
}

impl Fault for ProductWordError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ProductName | Self::CategoryName => "invalid_name",
            Self::OptionName => "invalid_option_name",
            Self::OptionValue => "invalid_option_value",
            Self::SearchWords => "invalid_search",
            Self::Description => "invalid_description",
            Self::PublicationTime => "invalid_published_at",
        }
    }
}

/// One line of text that staff give: without control characters and needless white space.
macro_rules! line {
    ($(#[$meta:meta])* $name:ident, $most:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest, in characters.
            pub const MAX: usize = $most;

            /// Tidies and checks a text.
            ///
            /// # Errors
            /// [`ProductWordError`] for one that is empty or too long.
            pub fn parse(text: &str) -> Result<Self, ProductWordError> {
                let text = tidy(text);
                if (1..=Self::MAX).contains(&text.chars().count()) {
                    Ok(Self(text))
                } else {
                    Err(ProductWordError::$name)
                }
            }

            /// The plain text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

line!(
    /// The name of a product.
    ProductName,
    200
);
line!(
    /// The name of a category.
    CategoryName,
    200
);
line!(
    /// What variants differ in, such as `Size`.
    OptionName,
    60
);
line!(
    /// What an option can be, such as `42`.
    OptionValue,
    120
);

line!(
    /// What staff look for in a list.
    SearchWords,
    200
);

/// What is to be said about a product: plain text in lines, and possibly nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// The longest, in characters.
    pub const MAX: usize = 20_000;

    /// Tidies and checks a text. Its lines stay; other control characters go.
    ///
    /// # Errors
    /// [`ProductWordError::Description`] for one that is too long.
    pub fn parse(text: &str) -> Result<Self, ProductWordError> {
        let text = text.replace("\r\n", "\n");
        let text = text.replace(|c: char| c.is_control() && c != '\n', " ");
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        let text = lines.join("\n");
        if text.chars().count() <= Self::MAX {
            Ok(Self(text))
        } else {
            Err(ProductWordError::Description)
        }
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From when on a published product is on sale; it may be to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicationTime(DateTime<Utc>);

impl PublicationTime {
    /// Whoever publishes later than in this year has mistyped.
    pub const LATEST_YEAR: i32 = 2199;

    /// Checks a time.
    ///
    /// # Errors
    /// [`ProductWordError::PublicationTime`].
    pub fn parse(at: DateTime<Utc>) -> Result<Self, ProductWordError> {
        if (1970..=Self::LATEST_YEAR).contains(&at.year()) {
            Ok(Self(at))
        } else {
            Err(ProductWordError::PublicationTime)
        }
    }

    /// The moment.
    #[must_use]
    pub const fn at(self) -> DateTime<Utc> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_archived_is_looked_at_before_it_is_on_sale_again() {
        use ProductStatus::{Archived, Draft, Published};
        assert!(Archived.become_(Published).is_err());
        for (from, to) in [
            (Draft, Published),
            (Published, Draft),
            (Draft, Archived),
            (Published, Archived),
            (Archived, Draft),
        ] {
            assert_eq!(from.become_(to), Ok(to));
        }
    }

    #[test]
    fn a_name_is_one_line_that_says_something() {
        let name = ProductName::parse("  Ankara\n shirt\u{0} ").unwrap();
        assert_eq!(name.as_str(), "Ankara shirt");
        for wrong in ["", " \u{7} ", &"x".repeat(201)] {
            assert_eq!(
                ProductName::parse(wrong),
                Err(ProductWordError::ProductName)
            );
        }
        assert!(
            ProductName::parse(&"ẹ".repeat(200)).is_ok(),
            "characters, not bytes"
        );
    }

    #[test]
    fn a_description_keeps_its_lines_and_loses_what_cannot_be_stored() {
        let text = Description::parse(" Cotton. \r\n\r\n\tWash\u{0} cold. \n").unwrap();
        assert_eq!(text.as_str(), "Cotton.\n\n Wash  cold.");
        assert_eq!(Description::parse("").unwrap(), Description::default());
        let long = "x".repeat(Description::MAX + 1);
        assert_eq!(
            Description::parse(&long),
            Err(ProductWordError::Description)
        );
    }

    #[test]
    fn a_time_of_publication_is_one_that_people_mean() {
        let far = DateTime::from_timestamp(253_402_300_800, 0).unwrap();
        assert!(PublicationTime::parse(far).is_err());
        let before = DateTime::from_timestamp(-1, 0).unwrap();
        assert!(PublicationTime::parse(before).is_err());
        assert!(PublicationTime::parse(DateTime::UNIX_EPOCH).is_ok());
    }
}
