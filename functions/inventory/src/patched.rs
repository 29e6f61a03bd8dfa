//! Reading what a change says.

use std::ops::RangeInclusive;

use domain::{Fault, Kind};
use edge::{Field, FieldErrors, Patch};

/// A field of a change that cannot be made empty: absent leaves it, null is refused.
pub fn patched<T, U, E: Fault>(
    errors: &mut FieldErrors,
    name: &str,
    patch: Patch<T>,
    check: impl FnOnce(T) -> Result<U, E>,
) -> Option<U> {
    let field = match patch {
        Patch::Absent => return None,
        Patch::Null => Field::Absent,
        Patch::Present(value) => Field::Present(value),
        Patch::Wrong(reason) => Field::Wrong(reason),
    };
    errors.required(name, field, check)
}

/// The priorities that a location may have.
pub const PRIORITIES: RangeInclusive<i32> = 0..=1_000_000;

/// Reads a location's priority.
///
/// # Errors
/// [`PriorityError`] beyond [`PRIORITIES`].
pub fn priority(number: i64) -> Result<i32, PriorityError> {
    let number = i32::try_from(number).ok();
    number
        .filter(|number| PRIORITIES.contains(number))
        .ok_or(PriorityError)
}

/// A number that is no priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {} to {}", PRIORITIES.start(), PRIORITIES.end())]
pub struct PriorityError;

impl Fault for PriorityError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_priority"
    }
}
