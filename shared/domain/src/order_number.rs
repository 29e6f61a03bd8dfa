//! The name of an order that people say to each other.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use crate::{Fault, Kind};

/// `MR-7K4Q-9TXD`: forty random bits in Crockford's base 32, so that numbers neither follow each
/// other nor contain letters that are mistaken for digits. Not a secret: it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct OrderNumber(String);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Not an order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an order number; it looks like MR-7K4Q-9TXD")]
pub struct OrderNumberError;

impl Fault for OrderNumberError {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }

    fn code(&self) -> &'static str {
        "not_found"
    }
}

impl OrderNumber {
    /// A new number. Two orders can draw the same one (once in about a million at a million
    /// orders); the unique constraint refuses the second, and the order is placed again.
    #[must_use]
    pub fn random() -> Self {
        let bytes = Uuid::new_v4().into_bytes();
        // The first six bytes of a version 4 UUID are random throughout.
        let bits = bytes[..5]
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let symbols: String = (0..8)
            .map(|place| {
                char::from(ALPHABET[usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0)])
            })
            .collect();
        Self(format!("MR-{}-{}", &symbols[..4], &symbols[4..]))
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrderNumber {
    type Err = OrderNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_uppercase();
        let symbol = |c: char| u8::try_from(c).is_ok_and(|c| ALPHABET.contains(&c));
        let groups: Vec<&str> = text.split('-').collect();
        match groups.as_slice() {
            ["MR", a, b] if [a, b].iter().all(|g| g.len() == 4 && g.chars().all(symbol)) => {
                Ok(Self(text))
            }
            _ => Err(OrderNumberError),
        }
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_read_as_themselves_and_spread_over_the_whole_alphabet() {
        let numbers: HashSet<String> = (0..2_000).map(|_| OrderNumber::random().0).collect();
        assert!(numbers.len() >= 1_999, "forty bits hardly ever repeat");
        for place in [3, 4, 5, 6, 8, 9, 10, 11] {
            let symbols: HashSet<u8> = numbers.iter().map(|n| n.as_bytes()[place]).collect();
            assert_eq!(symbols.len(), 32, "symbol {place}");
        }
        assert!(
            numbers
                .iter()
                .all(|n| n.to_lowercase().parse::<OrderNumber>().is_ok())
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "MR-7K4Q",
            "MR-7K4Q-9TXI",
            "XX-7K4Q-9TXD",
            "MR-7K4Q-9TXD-1",
            "MR-7K4Q-9TX",
        ] {
            assert!(text.parse::<OrderNumber>().is_err(), "{text}");
        }
    }
}
