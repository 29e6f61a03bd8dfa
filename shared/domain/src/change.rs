//! What a change says about one field.

use crate::{Fault, Kind};

/// What a change says about a field that may be empty (RFC 7396: absent, null, a value).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field stays as it is.
    #[default]
    Leave,
    /// The field becomes empty.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T> Change<T> {
    /// The field after the change.
    pub fn apply(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Leave => present,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Whether nothing is said.
    pub const fn is_leave(&self) -> bool {
        matches!(self, Self::Leave)
    }
}

/// How often a resource has been changed, the first state being 1. A change names the version that it
/// is made of; if that is not the present one, somebody else's change would be overwritten unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub i64);

impl Version {
    /// Compares with the present version.
    ///
    /// # Errors
    /// [`StaleVersion`].
    pub const fn must_be(self, present: i64) -> Result<(), StaleVersion> {
        if self.0 == present {
            Ok(())
        } else {
            Err(StaleVersion { present })
        }
    }
}

/// A change of something that has changed since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has changed meanwhile and is at version {present} now; read it again")]
pub struct StaleVersion {
    /// The version that it is at.
    pub present: i64,
}

impl Fault for StaleVersion {
    fn kind(&self) -> Kind {
        Kind::Stale
    }

    fn code(&self) -> &'static str {
        "stale_version"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_clears_or_sets() {
        assert_eq!(Change::Leave.apply(Some(1)), Some(1));
        assert_eq!(Change::Clear.apply(Some(1)), None);
        assert_eq!(Change::Set(2).apply(None), Some(2));
        assert!(Change::<u8>::default().is_leave());
    }

    #[test]
    fn only_the_present_version_can_be_changed() {
        assert_eq!(Version(7).must_be(7), Ok(()));
        for present in [6, 8] {
            assert_eq!(Version(7).must_be(present), Err(StaleVersion { present }));
        }
    }
}
