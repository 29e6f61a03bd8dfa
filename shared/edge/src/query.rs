//! Query parameters: each known one once, unknown ones refused.

use std::convert::Infallible;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use domain::Fault;
use http::request::Parts;

use crate::{FieldError, Problem};

/// The parameters of a query, taken out one by one.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    /// Reads a raw query string.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        // A pair that cannot be decoded is kept as text; nothing here can fail.
        let pairs = decoded(raw);
        Self {
            pairs,
            errors: Vec::new(),
        }
    }

    /// Takes a parameter. Given twice, it is refused: two readers would see two values.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let mut values: Vec<String> = Vec::new();
        self.pairs.retain(|(key, value)| {
            if key == name {
                values.push(value.clone());
            }
            key != name
        });
        if values.len() > 1 {
            self.push(name, "repeated_parameter", "is given more than once");
        }
        values.pop().filter(|value| !value.is_empty())
    }

    /// Takes a parameter and makes it a checked value.
    pub fn parsed<T, E: Fault>(
        &mut self,
        name: &str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.take(name)?;
        check(&text)
            .map_err(|fault| self.push(name, fault.code(), &fault.to_string()))
            .ok()
    }

    /// Takes a word out of a closed list.
    pub fn word<T>(&mut self, name: &str, all: &[T]) -> Option<T>
    where
        T: Copy + PartialEq + FromStr + Display,
    {
        let text = self.take(name)?;
        let word = text.parse().ok().filter(|word| all.contains(word));
        if word.is_none() {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            let detail = format!("must be one of {}", words.join(", "));
            self.push(name, "unknown_word", &detail);
        }
        word
    }

    /// Takes a whole number within bounds.
    pub fn number(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let text = self.take(name)?;
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            Ok(_) | Err(_) => {
                self.push(
                    name,
                    "out_of_range",
                    &format!("must be a whole number, {least} to {most}"),
                );
                None
            }
        }
    }

    /// Takes `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let text = self.take(name)?;
        let flag = text.parse().ok();
        if flag.is_none() {
            self.push(name, "not_a_flag", "must be true or false");
        }
        flag
    }

    /// Takes all parameters whose names begin with `prefix`, without it.
    pub fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, rest) = self
            .pairs
            .drain(..)
            .partition(|(key, _)| key.starts_with(prefix) && key != prefix);
        self.pairs = rest;
        let strip = |(key, value): (String, String)| (key[prefix.len()..].to_owned(), value);
        Vec::into_iter(taken).map(strip).collect()
    }

    /// Notes a fault of a parameter.
    pub fn push(&mut self, name: &str, code: &'static str, detail: &str) {
        let pointer = format!("?{}", name.chars().take(64).collect::<String>());
        self.errors.push(FieldError {
            pointer,
            code: code.into(),
            detail: detail.to_owned(),
        });
    }

    /// Refuses what is left.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<String> = self.pairs.drain(..).map(|(key, _)| key).collect();
        for name in unknown {
            self.push(
                &name,
                "unknown_parameter",
                "is not a parameter of this request",
            );
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }
}

fn decoded(raw: &str) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(
        &format!("/?{raw}").parse().unwrap_or_default(),
    )
    .map(|axum::extract::Query(pairs)| pairs)
    .unwrap_or_default()
}
