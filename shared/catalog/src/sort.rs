//! The orders in which a list can be read.

use std::str::FromStr;

use domain::{Fault, Kind};
use serde::{Deserialize, Serialize};

use crate::Filters;

/// An order that no two products share a place in: equal ones are told apart by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// The best match first; among the newest [`crate::RANKED`] that match.
    #[serde(rename = "relevance")]
    Relevance,
    /// The last published first.
    #[serde(rename = "newest")]
    Newest,
    /// The cheapest first.
    #[serde(rename = "price")]
    Price,
    /// The dearest first.
    #[serde(rename = "-price")]
    PriceDescending,
    /// By name, capital letters before small ones.
    #[serde(rename = "name")]
    Name,
    /// By name, from the end.
    #[serde(rename = "-name")]
    NameDescending,
}

/// A word that names no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be relevance, newest, price, -price, name or -name")]
pub struct SortError;

impl Fault for SortError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "unknown_sort"
    }
}

impl FromStr for Sort {
    type Err = SortError;

    fn from_str(word: &str) -> Result<Self, SortError> {
        match word {
            "relevance" => Ok(Self::Relevance),
            "newest" => Ok(Self::Newest),
            "price" => Ok(Self::Price),
            "-price" => Ok(Self::PriceDescending),
            "name" => Ok(Self::Name),
            "-name" => Ok(Self::NameDescending),
            _ => Err(SortError),
        }
    }
}

impl Sort {
    /// Whether what is greater comes later.
    pub(crate) const fn rises(self) -> bool {
        matches!(self, Self::Price | Self::Name)
    }

    /// The order of a list, given the one that was asked for: where nothing is searched for, nothing
    /// is relevant, so the newest come first.
    #[must_use]
    pub fn of(asked: Option<Self>, filters: &Filters) -> Self {
        match (asked, &filters.text) {
            (Some(Self::Relevance) | None, None) => Self::Newest,
            (None, Some(_)) => Self::Relevance,
            (Some(sort), _) => sort,
        }
    }
}
