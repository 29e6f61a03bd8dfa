//! Several keys in one setting, for rotation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice};

/// Keys as a setting holds them: `id:base64(32 bytes)`, separated by commas. The first is the one
/// in use, the others still count. Ids are 1 to 16 of letters, digits, `-` and `_`.
pub struct Keys(Vec<(String, SecretSlice<u8>)>);

/// Why a setting holds no keys. Never says what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `id:base64`.
    #[error("must be one or several of id:base64, separated by commas")]
    Form,
    /// Not 32 bytes.
    #[error("must hold keys of 32 bytes")]
    Length,
    /// One id twice.
    #[error("names a key id twice")]
    Twice,
}

impl Keys {
    /// Reads the text of a setting.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text
            .split(',')
            .map(|one| parse_key(one.trim()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids: Vec<_> = keys.iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() == keys.len() {
            Ok(Self(keys))
        } else {
            Err(KeyError::Twice)
        }
    }

    /// Reads a setting; a problem is noted with `env`.
    pub fn read(env: &mut settings::Env, name: &'static str) -> Option<Self> {
        let text = env.required(name);
        if text.is_empty() {
            return None;
        }
        Self::parse(&text)
            .map_err(|error| env.problem(name, &error.to_string()))
            .ok()
    }

    /// The keys with their ids, the one in use first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(id, key)| (id.as_str(), key.expose_secret()))
    }
}

fn parse_key(text: &str) -> Result<(String, SecretSlice<u8>), KeyError> {
    let (id, key) = text.split_once(':').ok_or(KeyError::Form)?;
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !(1..=16).contains(&id.len()) || !id.chars().all(named) {
        return Err(KeyError::Form);
    }
    let key = STANDARD.decode(key).map_err(|_| KeyError::Form)?;
    if key.len() == 32 {
        Ok((id.to_owned(), key.into()))
    } else {
        Err(KeyError::Length)
    }
}
