//! What an error means to whoever has to answer for it.

use std::error::Error;

/// What kind of thing went wrong. Two edges read it: HTTP turns it into a status, queues into
/// "try again", "park" or "finished".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request breaks a rule; the same request can never work.
    Invalid,
    /// The caller may not do this.
    Forbidden,
    /// It is not there, or not the caller's.
    NotFound,
    /// The present state does not allow it; another time it may.
    Conflict,
    /// It has changed since the caller read it; nothing was done.
    Stale,
    /// Something the shop depends on does not answer; the same request may work later.
    Unavailable,
    /// The shop is at fault: data that should not exist, a rule broken inside.
    Bug,
}

/// An error of the shop: a kind for machines that decide, a stable code for clients, and (through
/// [`Error`]) a chain for the log. `Display` tells its own layer only; `source` has the rest.
pub trait Fault: Error + Send + Sync + 'static {
    /// What to do about it.
    fn kind(&self) -> Kind;
    /// A stable, machine-readable word in `snake_case`, part of the public API.
    fn code(&self) -> &'static str;
}

/// Gives an error enum its [`Fault`]: variants of its own with kind and code, and variants that wrap
/// another fault and mean what that one means. A variant that is forgotten does not compile.
///
/// ```ignore
/// domain::fault! {
///     ReadError { NotFound => NotFound "not_found" }
///     from { Sealing, Database }
/// }
/// ```
#[macro_export]
macro_rules! fault {
    (
        $name:ident { $($own:ident => $kind:ident $code:literal),* $(,)? }
        $(from { $($inner:ident),* $(,)? })?
    ) => {
        impl $crate::Fault for $name {
            fn kind(&self) -> $crate::Kind {
                match self {
                    $(Self::$own { .. } => $crate::Kind::$kind,)*
                    $($(Self::$inner(error) => $crate::Fault::kind(error),)*)?
                }
            }

            fn code(&self) -> &'static str {
                match self {
                    $(Self::$own { .. } => $code,)*
                    $($(Self::$inner(error) => $crate::Fault::code(error),)*)?
                }
            }
        }
    };
}

/// The whole chain of an error in one line, for the log; never for a client.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// A stored or received word that no version of this code has ever written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} has no value {word:?}")]
pub struct Unreadable {
    /// The type that was to be read.
    pub what: &'static str,
    /// The word that stood there.
    pub word: String,
}

impl Fault for Unreadable {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "unreadable"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer layer")]
    struct Outer(#[source] Unreadable);

    #[test]
    fn the_chain_has_every_layer_once() {
        let error = Outer(Unreadable {
            what: "Currency",
            word: "EUR".into(),
        });
        assert_eq!(
            chain(&error),
            "the outer layer: Currency has no value \"EUR\""
        );
    }
}
