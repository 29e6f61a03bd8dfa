//! Allowed moves between states: a typed table, enforced once more by guarded SQL.

use crate::{Fault, Kind};

/// A state machine was asked for a move that its table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot go from {from} to {to}")]
pub struct ForbiddenMove {
    /// Which status.
    pub what: &'static str,
    /// Where it stands.
    pub from: &'static str,
    /// Where it was to go.
    pub to: &'static str,
}

impl Fault for ForbiddenMove {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "forbidden_move"
    }
}

/// Gives a worded enum its table of moves: `may_become`, and `become_` that refuses the others.
/// Staying where one is is no move and always allowed.
macro_rules! moves {
    ($name:ident { $( $from:ident => [$($to:ident),* $(,)?] ),+ $(,)? }) => {
        impl $name {
            /// Whether the table has this move.
            #[must_use]
            pub fn may_become(self, to: Self) -> bool {
                let allowed: &[Self] = match self { $( Self::$from => &[$(Self::$to),*] ),+ };
                self == to || allowed.contains(&to)
            }

            /// The next state.
            ///
            /// # Errors
            /// [`ForbiddenMove`](crate::ForbiddenMove) where the table has no such move.
            pub fn become_(self, to: Self) -> Result<Self, $crate::ForbiddenMove> {
                if self.may_become(to) {
                    return Ok(to);
                }
                Err($crate::ForbiddenMove {
                    what: stringify!($name),
                    from: self.as_str(),
                    to: to.as_str(),
                })
            }
        }
    };
}
pub(crate) use moves;
