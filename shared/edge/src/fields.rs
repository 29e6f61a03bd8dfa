//! Reading a body so that all its faults are told at once.
//!
//! A request's raw struct has a [`Field`] for each of its fields and an [`Unknown`] for the rest.
//! Reading such a struct cannot fail on a field; what was wrong is kept until the struct becomes a
//! command, where a [`FieldErrors`] collects every fault with its pointer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use domain::{Change, Fault, Unreadable};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use crate::{FieldError, Problem};

/// One field as it came: absent (or null), present, or of the wrong type.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// There.
    Present(T),
    /// There, but not of this type; the parser's words.
    Wrong(String),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through `Option`, so that serde takes a field that is not there for `None`.
        Ok(match Option::<Value>::deserialize(deserializer)? {
            None => Self::Absent,
            Some(value) => match serde_json::from_value(value) {
                Ok(value) => Self::Present(value),
                Err(error) => Self::Wrong(error.to_string()),
            },
        })
    }
}

/// A field of a change, where null means "make it empty". Needs `#[serde(default)]` on its struct.
#[derive(Debug, Clone, Default)]
pub enum Patch<T> {
    /// Not there.
    #[default]
    Absent,
    /// Null.
    Null,
    /// There.
    Present(T),
    /// There, but not of this type; the parser's words.
    Wrong(String),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A field that is not there does not come here.
        Ok(match Field::deserialize(deserializer)? {
            Field::Absent => Self::Null,
            Field::Present(value) => Self::Present(value),
            Field::Wrong(reason) => Self::Wrong(reason),
        })
    }
}

/// The fields that a request has no business having: `#[serde(flatten)]` it into a raw struct.
pub type Unknown = BTreeMap<String, serde::de::IgnoredAny>;

/// Collects the faults of a body.
#[derive(Debug, Default)]
pub struct FieldErrors {
    path: Vec<String>,
    errors: Vec<FieldError>,
}

impl FieldErrors {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses what an object has beyond its fields.
    pub fn refuse_unknown(&mut self, unknown: &Unknown) {
        for name in unknown.keys() {
            self.push(name, "unknown_field", "is not a field of this request");
        }
    }

    /// A field that must be there, made into a checked value.
    pub fn required<T, U, E: Fault>(
        &mut self,
        name: &str,
        field: Field<T>,
        check: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        let raw = self.present(name, field)?;
        check(raw).map_err(|fault| self.fault(name, &fault)).ok()
    }

    /// A field that may be absent, made into a checked value.
    pub fn optional<T, U, E: Fault>(
        &mut self,
        name: &str,
        field: Field<T>,
        check: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        match field {
            Field::Absent => None,
            Field::Present(_) | Field::Wrong(_) => self.required(name, field, check),
        }
    }

    /// A field of a change that may also be made empty.
    pub fn change<T, U, E: Fault>(
        &mut self,
        name: &str,
        patch: Patch<T>,
        check: impl FnOnce(T) -> Result<U, E>,
    ) -> Change<U> {
        let field = match patch {
            Patch::Absent => return Change::Leave,
            Patch::Null => return Change::Clear,
            Patch::Present(value) => Field::Present(value),
            Patch::Wrong(reason) => Field::Wrong(reason),
        };
        // What is wrong is noted, and the request refused.
        self.required(name, field, check)
            .map_or(Change::Leave, Change::Set)
    }

    /// A field that may be absent, whose type is all there is to check.
    pub fn optional_value<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Absent => None,
            Field::Present(_) | Field::Wrong(_) => self.present(name, field),
        }
    }

    /// A word out of a closed list that must be there.
    pub fn word<T>(&mut self, name: &str, field: Field<String>, all: &[T]) -> Option<T>
    where
        T: Copy + PartialEq + FromStr<Err = Unreadable> + Display,
    {
        let text = self.present(name, field)?;
        let word = text.parse().ok().filter(|word| all.contains(word));
        if word.is_none() {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            self.push(
                name,
                "unknown_word",
                format!("must be one of {}", words.join(", ")),
            );
        }
        word
    }

    /// A UUID that must be there.
    pub fn id(&mut self, name: &str, field: Field<String>) -> Option<Uuid> {
        let text = self.present(name, field)?;
        let id = Uuid::try_parse(&text).ok();
        if id.is_none() {
            self.push(name, "invalid_id", "is not a UUID");
        }
        id
    }

    /// An object that must be there; `check` reads its fields below its pointer.
    pub fn object<T, U>(
        &mut self,
        name: &str,
        field: Field<T>,
        check: impl FnOnce(T, &mut Self) -> Option<U>,
    ) -> Option<U> {
        let raw = self.present(name, field)?;
        self.below(name, |errors| check(raw, errors))
    }

    /// A list that must be there and have as many items as `length` says; `check` reads each item
    /// below its pointer. Answers the list only if every item was right.
    pub fn list<T, U>(
        &mut self,
        name: &str,
        field: Field<Vec<Field<T>>>,
        length: RangeInclusive<usize>,
        mut check: impl FnMut(T, &mut Self) -> Option<U>,
    ) -> Option<Vec<U>> {
        let items = self.present(name, field)?;
        if !length.contains(&items.len()) {
            let (least, most) = (length.start(), length.end());
            self.push(
                name,
                "wrong_length",
                format!("must have {least} to {most} items"),
            );
            return None;
        }
        let expected = items.len();
        let checked: Vec<U> = self.below(name, |errors| {
            let each = items.into_iter().enumerate();
            each.filter_map(|(index, item)| errors.object(&index.to_string(), item, &mut check))
                .collect()
        });
        (checked.len() == expected).then_some(checked)
    }

    /// Notes a fault of a field of the present object.
    pub fn push(
        &mut self,
        name: &str,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) {
        let pointer = self.pointer(name);
        self.errors.push(FieldError {
            pointer,
            code: code.into(),
            detail: detail.into(),
        });
    }

    /// The command, if nothing was wrong.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn finish<U>(self, command: Option<U>) -> Result<U, Problem> {
        match command {
            Some(command) if self.errors.is_empty() => Ok(command),
            Some(_) | None => Err(Problem::invalid(self.errors)),
        }
    }

    fn present<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Present(value) => Some(value),
            Field::Absent => {
                self.push(name, "required", "is required");
                None
            }
            Field::Wrong(reason) => {
                self.push(
                    name,
                    "wrong_type",
                    format!("is of the wrong type: {reason}"),
                );
                None
            }
        }
    }

    fn fault(&mut self, name: &str, fault: &dyn Fault) {
        self.push(name, fault.code(), fault.to_string());
    }

    fn below<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(name.to_owned());
        let answer = read(self);
        self.path.pop();
        answer
    }

    /// RFC 6901: `~` and `/` are escaped. What a client named is shown at a bounded length.
    fn pointer(&self, name: &str) -> String {
        let parts = self.path.iter().map(String::as_str).chain([name]);
        parts
            .flat_map(|part| {
                let part: String = part.chars().take(64).collect();
                ["/".to_owned(), part.replace('~', "~0").replace('/', "~1")]
            })
            .collect()
    }
}
