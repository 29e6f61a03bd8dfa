//! Tokens that are derived from a secret instead of being stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::keys::Keys;

/// A key for one purpose, derived from a configured one, so that no key ever serves two.
pub(crate) fn derive(key: &[u8], purpose: &[u8]) -> hmac::Key {
    let root = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose).as_ref())
}

/// A token that only we can make: 256 bits, URL-safe.
pub type Token = String;

/// The keys of `JWT_SECRET_KEY` for one purpose: for tokens that are derived from what they open, and
/// for signatures. A derived token is never stored: it is made again when it is shown again, and
/// compared in constant time.
#[derive(Clone)]
pub struct SecretKeys {
    /// With their ids, the one in use first.
    keys: std::sync::Arc<Vec<(String, hmac::Key)>>,
}

/// That only we can have written something: HMAC-SHA256.
#[derive(Debug, Clone, Copy)]
pub struct Signature(hmac::Tag);

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// A signature that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No key has this id (any more, or yet).
    #[error("it is signed with a key that is not configured")]
    UnknownKey,
    /// What was signed has been changed, or was signed by somebody else.
    #[error("its signature is not ours")]
    Wrong,
}

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKeys(…)")
    }
}

impl SecretKeys {
    /// Keys for one purpose.
    #[must_use]
    pub fn new(keys: &Keys, purpose: &str) -> Self {
        let derived = keys
            .iter()
            .map(|(id, key)| (id.to_owned(), derive(key, purpose.as_bytes())))
            .collect();
        Self {
            keys: std::sync::Arc::new(derived),
        }
    }

    /// Reads `JWT_SECRET_KEY` for one purpose.
    pub fn read(env: &mut settings::Env, purpose: &str) -> Option<Self> {
        Keys::read(env, "JWT_SECRET_KEY").map(|keys| Self::new(&keys, purpose))
    }

    /// The token for `subject`, under the key in use.
    #[must_use]
    pub fn token(&self, subject: &[u8]) -> Token {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.keys[0].1, subject))
    }

    /// Whether `token` is the one for `subject` under any key; in constant time.
    #[must_use]
    pub fn opens(&self, subject: &[u8], token: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        self.keys
            .iter()
            .any(|(_, key)| hmac::verify(key, subject, &tag).is_ok())
    }

    /// The id of the key in use, with which [`sign`](Self::sign) signs.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.keys[0].0
    }

    /// Signs with the key in use.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(hmac::sign(&self.keys[0].1, message))
    }

    /// Whether the named key, and no other, has signed `message`; in constant time.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(
        &self,
        key_id: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let named = self.keys.iter().find(|(id, _)| id == key_id);
        let (_, key) = named.ok_or(SignatureError::UnknownKey)?;
        hmac::verify(key, message, signature).map_err(|_| SignatureError::Wrong)
    }
}
