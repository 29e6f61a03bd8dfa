//! Fields of a change (RFC 7396).

use std::fmt::Display;
use std::str::FromStr;

use domain::{Change, Unreadable};
use edge::{Field, FieldErrors, Patch};
use uuid::Uuid;

/// A field that may be left out of a change but not be made empty.
pub fn unset<T>(errors: &mut FieldErrors, name: &str, patch: Patch<T>) -> Field<T> {
    match patch {
        Patch::Absent => Field::Absent,
        Patch::Null => {
            errors.push(name, "required", "cannot be made empty");
            Field::Absent
        }
        Patch::Present(value) => Field::Present(value),
        Patch::Wrong(reason) => Field::Wrong(reason),
    }
}

/// An id that may be left out.
pub fn id(errors: &mut FieldErrors, name: &str, field: Field<String>) -> Option<Uuid> {
    match field {
        Field::Absent => None,
        Field::Present(_) | Field::Wrong(_) => errors.id(name, field),
    }
}

/// A word out of a closed list that may be left out.
pub fn word<T>(errors: &mut FieldErrors, name: &str, field: Field<String>, all: &[T]) -> Option<T>
where
    T: Copy + PartialEq + FromStr<Err = Unreadable> + Display,
{
    match field {
        Field::Absent => None,
        Field::Present(_) | Field::Wrong(_) => errors.word(name, field, all),
    }
}

/// An id in a change that may also be made empty.
pub fn id_or_null<T: From<Uuid>>(
    errors: &mut FieldErrors,
    name: &str,
    patch: Patch<String>,
) -> Change<T> {
    let field = match patch {
        Patch::Absent => return Change::Leave,
        Patch::Null => return Change::Clear,
        Patch::Present(text) => Field::Present(text),
        Patch::Wrong(reason) => Field::Wrong(reason),
    };
    errors
        .id(name, field)
        .map_or(Change::Leave, |id| Change::Set(id.into()))
}
