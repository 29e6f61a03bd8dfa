//! Personal data at rest, tokens derived from a secret, and signatures.
//!
//! A [`Sealer`] encrypts a value with AES-256-GCM for one [`Place`] (table, column, row). Invariant:
//! what was sealed for one place opens nowhere else, and a flipped bit anywhere is refused; the
//! place is the associated data. It also makes blind indexes: keyed hashes by which a row is found
//! by equality without the value standing there.
//!
//! `ENCRYPTION_KEY` holds one or several keys, `id:base64(32 bytes)` separated by commas: the first
//! seals, all open. This crate knows no table and no value of the shop.

mod derived;
mod keys;

use std::fmt;

use domain::{Fault, Kind};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use derived::{SecretKeys, Signature, SignatureError, Token};
pub use keys::{KeyError, Keys};

/// The layout of a sealed value: this byte, the key id's length and bytes, the nonce, the
/// ciphertext with its tag.
const FORMAT: u8 = 1;

/// Where a sealed value lives. Part of its authentication, so that a value cannot be moved.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's identity.
    pub row: &'a [u8],
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        let mut aad = format!("{}\0{}\0", self.table, self.column).into_bytes();
        aad.extend_from_slice(self.row);
        aad
    }
}

/// Why a value cannot be sealed or opened. Says nothing about the value.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The value has been changed, was sealed for another place, or is no sealed value at all.
    #[error("a sealed value does not open here")]
    Broken,
    /// It was sealed with a key that `ENCRYPTION_KEY` no longer holds.
    #[error("a sealed value needs a key that is not configured")]
    UnknownKey,
    /// The operating system gave no randomness.
    #[error("no randomness for a nonce")]
    NoRandomness,
    /// What was sealed is not what is expected here.
    #[error("a sealed value has an unexpected shape")]
    Shape(#[source] serde_json::Error),
}

impl Fault for SealingError {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "sealing"
    }
}

/// Seals and opens personal data, and makes the indexes over it.
#[derive(Clone)]
pub struct Sealer {
    keys: std::sync::Arc<Vec<SealingKey>>,
}

struct SealingKey {
    id: String,
    cipher: LessSafeKey,
    index: hmac::Key,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.id))
            .finish()
    }
}

impl Sealer {
    /// A sealer over the configured keys.
    ///
    /// # Errors
    /// [`KeyError`] where a key is not of 32 bytes.
    pub fn new(keys: &Keys) -> Result<Self, KeyError> {
        let keys = keys
            .iter()
            .map(|(id, key)| SealingKey::new(id, key))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            keys: std::sync::Arc::new(keys),
        })
    }

    /// Reads `ENCRYPTION_KEY`.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let keys = Keys::read(env, "ENCRYPTION_KEY")?;
        Self::new(&keys)
            .map_err(|error| env.problem("ENCRYPTION_KEY", &error.to_string()))
            .ok()
    }

    /// Seals a value for its place, with the first key and a random nonce.
    ///
    /// # Errors
    /// [`SealingError::NoRandomness`]; [`SealingError::Shape`] for a value that is no JSON.
    pub fn seal<T: Serialize>(&self, place: Place<'_>, value: &T) -> Result<Vec<u8>, SealingError> {
        let key = &self.keys[0];
        let mut sealed = serde_json::to_vec(value).map_err(SealingError::Shape)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| SealingError::NoRandomness)?;
        key.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.aad()),
                &mut sealed,
            )
            .map_err(|_| SealingError::Broken)?;
        let mut out = vec![FORMAT, u8::try_from(key.id.len()).unwrap_or(0)];
        out.extend_from_slice(key.id.as_bytes());
        out.extend_from_slice(&nonce);
        out.append(&mut sealed);
        Ok(out)
    }

    /// Opens a value at its place, with whichever key sealed it.
    ///
    /// # Errors
    /// [`SealingError`] for a value that was moved, changed or sealed with an unknown key.
    pub fn open<T: DeserializeOwned>(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<T, SealingError> {
        let (key_id, nonce, ciphertext) = split(sealed).ok_or(SealingError::Broken)?;
        let key = self.keys.iter().find(|key| key.id.as_bytes() == key_id);
        let key = key.ok_or_else(|| {
            settings::unknown_to("ENCRYPTION_KEY");
            SealingError::UnknownKey
        })?;
        let mut plain = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = key
            .cipher
            .open_in_place(nonce, Aad::from(place.aad()), &mut plain)
            .map_err(|_| SealingError::Broken)?;
        serde_json::from_slice(plain).map_err(SealingError::Shape)
    }

    /// The blind index of a value for one purpose ("email"), under the first key.
    #[must_use]
    pub fn index(&self, purpose: &str, value: &str) -> Vec<u8> {
        self.keys[0].index(purpose, value)
    }

    /// The blind indexes of a value under every key: what a look-up compares with, so that rows
    /// are found while the keys are being rotated.
    #[must_use]
    pub fn indexes(&self, purpose: &str, value: &str) -> Vec<Vec<u8>> {
        self.keys
            .iter()
            .map(|key| key.index(purpose, value))
            .collect()
    }
}

impl SealingKey {
    fn new(id: &str, key: &[u8]) -> Result<Self, KeyError> {
        let cipher = UnboundKey::new(&AES_256_GCM, key).map_err(|_| KeyError::Length)?;
        // A key of its own, derived: an index must not weaken the cipher's key.
        let index = derived::derive(key, b"madrush blind index 1");
        Ok(Self {
            id: id.to_owned(),
            cipher: LessSafeKey::new(cipher),
            index,
        })
    }

    fn index(&self, purpose: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

fn split(sealed: &[u8]) -> Option<(&[u8], [u8; NONCE_LEN], &[u8])> {
    let (&[format, id_length], rest) = sealed.split_first_chunk::<2>()?;
    let (key_id, rest) = rest.split_at_checked(usize::from(id_length))?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
    (format == FORMAT).then_some((key_id, *nonce, ciphertext))
}

#[cfg(test)]
mod tests;
