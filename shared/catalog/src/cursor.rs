//! Where a page begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use domain::{CursorError, ProductId};
use serde::{Deserialize, Serialize};

use crate::{Filters, SearchText, Sort};

/// The longest cursor that is read, in bytes: one with the longest name is far below it.
const LONGEST: usize = 4_096;

/// A place in a list, and which way to read on from there. Made for one list (its filters and its
/// order) and useless for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    sort: Sort,
    list: String,
    pub(crate) turn: Turn,
    pub(crate) key: Key,
    pub(crate) id: ProductId,
    /// What the list was found to mean on its first page, so that it means the same on all.
    #[serde(default)]
    pub(crate) meaning: Meaning,
}

/// Which products a page has, seen from the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Turn {
    /// Those that come after it.
    After,
    /// Those that come after it, and what stands there: an empty page leads back with it.
    From,
    /// Those that come before it.
    Before,
    /// Those that come before it, and what stands there.
    Until,
}

/// The value that the list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Key {
    PublishedAt(DateTime<Utc>),
    Price(i64),
    Name(String),
    Rank(i64),
}

/// What a search was found to mean when its first page was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meaning {
    /// The words that were searched for in place of unknown ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) corrected: Option<String>,
    /// The serial of the product from which on a search looks, where it does not look at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<i64>,
}

impl FromStr for Cursor {
    type Err = CursorError;

    /// Reads what a client sends back. A cursor is opaque but not secret: what somebody has made up
    /// must be refused here, not by the database.
    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > LONGEST {
            return Err(CursorError);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| CursorError)?;
        Some(cursor)
            .filter(|cursor| cursor.key.can_be_stored() && cursor.meaning.can_be_stored())
            .ok_or(CursorError)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl Cursor {
    pub(crate) fn new(
        filters: &Filters,
        sort: Sort,
        turn: Turn,
        (key, id): (Key, ProductId),
        meaning: Meaning,
    ) -> Self {
        Self {
            list: filters.fingerprint(),
            sort,
            turn,
            key,
            id,
            meaning,
        }
    }

    /// The same place, read from there in another way.
    pub(crate) fn turned(&self, turn: Turn) -> Self {
        Self {
            turn,
            ..self.clone()
        }
    }

    /// Whether it was made for this list.
    pub(crate) fn is_of(&self, filters: &Filters, sort: Sort) -> bool {
        self.sort == sort && self.list == filters.fingerprint() && self.key.belongs_to(sort)
    }
}

impl Turn {
    /// Whether the page is read towards the beginning of the list.
    pub(crate) const fn is_back(self) -> bool {
        matches!(self, Self::Before | Self::Until)
    }

    /// Whether what stands at the place belongs to the page.
    pub(crate) const fn includes(self) -> bool {
        matches!(self, Self::From | Self::Until)
    }
}

impl Key {
    fn belongs_to(&self, sort: Sort) -> bool {
        match self {
            Self::PublishedAt(_) => sort == Sort::Newest,
            Self::Price(_) => matches!(sort, Sort::Price | Sort::PriceDescending),
            Self::Name(_) => matches!(sort, Sort::Name | Sort::NameDescending),
            Self::Rank(_) => sort == Sort::Relevance,
        }
    }

    fn can_be_stored(&self) -> bool {
        match self {
            Self::PublishedAt(at) => is_storable(*at),
            Self::Name(name) => !name.contains('\0'),
            Self::Price(_) | Self::Rank(_) => true,
        }
    }
}

impl Meaning {
    fn can_be_stored(&self) -> bool {
        let text = self.corrected.as_deref();
        text.is_none_or(|text| matches!(SearchText::parse(text), Ok(Some(_))))
            && self.since.is_none_or(|serial| serial >= 0)
    }
}

fn is_storable(at: DateTime<Utc>) -> bool {
    (1970..=9999).contains(&at.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SearchText;

    fn forged(key: &serde_json::Value, sort: &str) -> Result<Cursor, CursorError> {
        let (list, id) = (Filters::default().fingerprint(), ProductId::new());
        let json =
            serde_json::json!({"sort": sort, "list": list, "turn": "after", "key": key, "id": id});
        URL_SAFE_NO_PAD.encode(json.to_string()).parse()
    }

    #[test]
    fn a_cursor_is_read_back_and_is_of_its_own_list_only() {
        let everything = Filters::default();
        let rice = Filters {
            text: SearchText::parse("rice").unwrap(),
            ..Filters::default()
        };
        let place = (Key::Price(500), ProductId::new());
        let cursor = Cursor::new(
            &everything,
            Sort::Price,
            Turn::After,
            place,
            Meaning::default(),
        );
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        assert!(cursor.is_of(&everything, Sort::Price));
        assert!(!cursor.is_of(&everything, Sort::PriceDescending));
        assert!(!cursor.is_of(&rice, Sort::Price));
    }

    #[test]
    fn a_forged_cursor_is_refused_before_it_reaches_the_database() {
        let far = serde_json::json!({"published_at": "+262000-01-01T00:00:00Z"});
        assert_eq!(forged(&far, "newest"), Err(CursorError));
        let nul = serde_json::json!({"name": "a\u{0}b"});
        assert_eq!(forged(&nul, "name"), Err(CursorError));
        let meaning = |meaning| {
            let (list, id) = (Filters::default().fingerprint(), ProductId::new());
            let json = serde_json::json!({"sort": "relevance", "list": list, "turn": "before",
                "key": {"rank": 1}, "id": id, "meaning": meaning});
            URL_SAFE_NO_PAD.encode(json.to_string()).parse::<Cursor>()
        };
        assert!(meaning(serde_json::json!({"corrected": "rice"})).is_ok());
        for bad in [
            serde_json::json!({"corrected": "a".repeat(201)}),
            serde_json::json!({"corrected": ""}),
            serde_json::json!({"since": -1}),
            serde_json::json!({"tsquery": "a"}),
        ] {
            assert_eq!(meaning(bad), Err(CursorError));
        }
        let of_another_order = forged(&serde_json::json!({"name": "a"}), "price").unwrap();
        assert!(!of_another_order.is_of(&Filters::default(), Sort::Price));
        for text in ["", "x", "e30", "%%%", &"A".repeat(LONGEST + 1)] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError));
        }
    }
}
