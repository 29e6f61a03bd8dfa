//! The one door to configuration.
//!
//! Each crate that needs settings has a plain struct of its own with
//! `fn read(env: &mut Env) -> Self`; a function's `main` reads all it needs in one [`read`], so that
//! a broken deployment is told of *every* missing or malformed setting in one error, not of the
//! first. Values are never part of an error: a malformed secret must not end in a log.
//!
//! A secret that an outside system has refused, or that could not open what came, is noted here
//! ([`refused`], [`unknown_to`]): whoever started the function then reads it again (shared/wiring).
//!
//! This crate knows no particular setting and no other crate of the shop.

mod doubts;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;

pub use doubts::{Doubts, refused, take_doubts, unknown_to};

/// Everything that was wrong with the settings, each named once.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError {
    problems: BTreeMap<&'static str, String>,
}

impl SettingsError {
    /// The names of the settings at fault, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.problems.keys().copied()
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings: ")?;
        for (index, (name, problem)) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{name} {problem}")?;
        }
        f.write_str(" (each setting is described in .env.example)")
    }
}

/// Reads settings from the process's environment.
///
/// # Errors
/// One [`SettingsError`] that names every setting which is missing or malformed.
pub fn read<T>(settings: impl FnOnce(&mut Env) -> T) -> Result<T, SettingsError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door the ban points to"
    )]
    read_from(|name| std::env::var(name).ok(), settings)
}

/// Reads settings from any source of names and values; [`read`] uses the process's environment.
///
/// # Errors
/// One [`SettingsError`] that names every setting which is missing or malformed.
pub fn read_from<T>(
    lookup: impl Fn(&str) -> Option<String> + 'static,
    settings: impl FnOnce(&mut Env) -> T,
) -> Result<T, SettingsError> {
    let mut env = Env::over(lookup);
    let settings = settings(&mut env);
    if env.problems.is_empty() {
        Ok(settings)
    } else {
        Err(SettingsError {
            problems: env.problems,
        })
    }
}

/// Which settings were asked for, in alphabetical order, and whether each must be there. A setting
/// that is asked for only beside another one is named where `lookup` has that other one.
pub fn asked<T>(
    lookup: impl Fn(&str) -> Option<String> + 'static,
    settings: impl FnOnce(&mut Env) -> T,
) -> Vec<Asked> {
    let mut env = Env::over(lookup);
    settings(&mut env);
    let asked = env.asked.into_iter();
    asked
        .map(|(name, required)| Asked { name, required })
        .collect()
}

/// A setting that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// Whether the function does not start without it.
    pub required: bool,
}

type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// The settings as they are being read. A getter whose setting is at fault notes the problem and
/// answers a placeholder, which [`read`] throws away together with the whole struct.
pub struct Env {
    lookup: Lookup,
    problems: BTreeMap<&'static str, String>,
    asked: BTreeMap<&'static str, bool>,
}

impl Env {
    fn over(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self {
            lookup: Box::new(lookup),
            problems: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// A setting that may be absent; an empty one counts as absent.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        self.asked.entry(name).or_insert(false);
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A setting that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        self.asked.insert(name, true);
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, "is missing");
            String::new()
        })
    }

    /// A secret that must be there; it does not print.
    pub fn secret(&mut self, name: &'static str) -> SecretString {
        SecretString::from(self.required(name))
    }

    /// A setting with a default.
    pub fn or(&mut self, name: &'static str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    /// A setting of some type, with a default.
    pub fn parsed_or<T>(&mut self, name: &'static str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.parsed(name).unwrap_or(default)
    }

    /// A setting of some type that may be absent.
    pub fn parsed<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        match self.optional(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(name, &format!("is malformed: {error}"));
                None
            }
        }
    }

    /// A comma-separated setting; absent means empty.
    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        self.optional(name)
            .map(|value| {
                value
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Notes that a setting is unusable for a reason only its owner knows ("must be 32 bytes").
    /// The reason must not repeat the value.
    pub fn problem(&mut self, name: &'static str, reason: &str) {
        self.problems
            .entry(name)
            .or_insert_with(|| reason.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn every_missing_or_malformed_setting_is_named_in_one_error() {
        let error = read_from(source(&[("REDIS_PORT", "many"), ("EMPTY", " ")]), |env| {
            (
                env.required("DATABASE_URL"),
                env.parsed_or::<u16>("REDIS_PORT", 6379),
                env.secret("EMPTY"),
            )
        })
        .unwrap_err();
        assert_eq!(
            error.names().collect::<Vec<_>>(),
            ["DATABASE_URL", "EMPTY", "REDIS_PORT"]
        );
        assert!(error.to_string().contains("DATABASE_URL is missing"));
        assert!(
            !error.to_string().contains("many"),
            "a value must not be part of the error"
        );
    }

    #[test]
    fn what_is_asked_for_is_told_with_whether_it_must_be_there() {
        let asked = asked(source(&[("TWILIO_ACCOUNT_SID", "AC1")]), |env| {
            env.list("ALLOWED_ORIGINS");
            if env.optional("TWILIO_ACCOUNT_SID").is_some() {
                env.secret("TWILIO_AUTH_TOKEN");
            }
        });
        let named: Vec<_> = asked.iter().map(|one| (one.name, one.required)).collect();
        assert_eq!(
            named,
            [
                ("ALLOWED_ORIGINS", false),
                ("TWILIO_ACCOUNT_SID", false),
                ("TWILIO_AUTH_TOKEN", true)
            ]
        );
    }

    #[test]
    fn lists_are_split_trimmed_and_may_be_absent() {
        let (origins, none) = read_from(
            source(&[("ALLOWED_ORIGINS", "https://a.ng, https://b.ng,")]),
            |env| (env.list("ALLOWED_ORIGINS"), env.list("NOTHING")),
        )
        .unwrap();
        assert_eq!(origins, ["https://a.ng", "https://b.ng"]);
        assert!(none.is_empty());
    }
}
