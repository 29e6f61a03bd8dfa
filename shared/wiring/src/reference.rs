//! Where a secret is: `NAME_SECRET=<ARN or name of a secret>#<key in its JSON>`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the name of a setting ends with whose value is a reference.
const SUFFIX: &str = "_SECRET";

/// Where the value of each setting is that is kept as a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct References {
    by_setting: BTreeMap<String, Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    secret: String,
    key: String,
}

impl References {
    /// The references among variables. A variable whose value is none is a plain setting that
    /// happens to be named so.
    pub(crate) fn among(variables: impl Iterator<Item = (String, String)>) -> Self {
        let by_setting = variables.filter_map(|(name, value)| {
            let setting = name.strip_suffix(SUFFIX)?;
            let (secret, key) = value.trim().rsplit_once('#')?;
            let place = Place {
                secret: secret.to_owned(),
                key: key.to_owned(),
            };
            (!setting.is_empty() && !secret.is_empty() && !key.is_empty())
                .then(|| (setting.to_owned(), place))
        });
        Self {
            by_setting: by_setting.collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_setting.is_empty()
    }

    /// Every secret that is referred to, once.
    pub(crate) fn secrets(&self) -> BTreeSet<&str> {
        let places = self.by_setting.values();
        places.map(|place| place.secret.as_str()).collect()
    }

    /// The settings' values. A key that a secret does not have leaves its setting out, which is then
    /// told like any other that is missing.
    pub(crate) fn resolve(&self, secrets: &BTreeMap<&str, Value>) -> BTreeMap<String, String> {
        let settings = self.by_setting.iter();
        settings
            .filter_map(|(name, place)| {
                let value = text(secrets.get(place.secret.as_str())?.get(&place.key)?)?;
                Some((name.clone(), value))
            })
            .collect()
    }
}

/// Numbers stand in secrets that AWS writes itself (a database's port).
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
