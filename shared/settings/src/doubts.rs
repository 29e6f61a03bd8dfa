//! Which settings may have been rotated since they were read.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The settings that gave reason to read them again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts {
    /// An outside system refused us.
    pub refused: BTreeSet<&'static str>,
    /// Something that came to us is signed or sealed under no key we hold.
    pub unknown: BTreeSet<&'static str>,
}

impl Doubts {
    /// Whether there is no reason.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.unknown.is_empty()
    }
}

static DOUBTS: Mutex<Doubts> = Mutex::new(Doubts {
    refused: BTreeSet::new(),
    unknown: BTreeSet::new(),
});

/// Notes that an outside system refused the credential that this setting holds. Changes nothing by
/// itself.
pub fn refused(name: &'static str) {
    doubts().refused.insert(name);
}

/// Notes that something was signed or sealed under none of the keys that this setting holds: by a
/// newer key perhaps, or by a stranger. Changes nothing by itself.
pub fn unknown_to(name: &'static str) {
    doubts().unknown.insert(name);
}

/// What was noted since the last call.
pub fn take_doubts() -> Doubts {
    std::mem::take(&mut *doubts())
}

fn doubts() -> MutexGuard<'static, Doubts> {
    DOUBTS.lock().unwrap_or_else(PoisonError::into_inner)
}
