//! Where the next page of a list begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::CursorError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest cursor that is read, in bytes: one with the longest SKU is far below it.
const LONGEST: usize = 512;

/// The place of a page's last item in the order of its list. Opaque to clients, not secret, and good for
/// any filter of the same list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<T>(pub T);

impl<T: DeserializeOwned> FromStr for Cursor<T> {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > LONGEST {
            return Err(CursorError);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let place = serde_json::from_slice(&json).map_err(|_| CursorError)?;
        Ok(Self(place))
    }
}

impl<T: Serialize> fmt::Display for Cursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_reads_back_as_itself_and_nothing_else_is_one() {
        let place = (String::from("SAN-42"), Uuid::now_v7());
        let text = Cursor(place.clone()).to_string();
        assert_eq!(text.parse(), Ok(Cursor(place)));
        let other_list = Cursor((7, "x")).to_string();
        let long = "A".repeat(LONGEST + 1);
        for wrong in ["", "!", "e30", &other_list, &text[1..], &long] {
            let read = wrong.parse::<Cursor<(String, Uuid)>>();
            assert_eq!(read, Err(CursorError), "{wrong}");
        }
    }
}
