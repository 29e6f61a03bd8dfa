//! Where the next page of a list begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::CursorError;
use uuid::Uuid;

/// The last item of a page of a list that is ordered by id. Opaque to clients, not secret, and good
/// for any filter of the same list: it is a place in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdCursor(pub Uuid);

impl FromStr for IdCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        Uuid::from_slice(&bytes).map(Self).map_err(|_| CursorError)
    }
}

impl fmt::Display for IdCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}
