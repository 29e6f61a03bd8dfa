use crate::{Fault, Kind};

/// A text that is no cursor of the list it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list; begin again without it")]
pub struct CursorError;

impl Fault for CursorError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_cursor"
    }
}
