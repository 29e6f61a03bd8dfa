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

/// The keys of `JWT_SECRET_KEY`, for tokens that are derived from what they open. Such a token is
/// never stored: it is made again when it is shown again, and compared in constant time.
#[derive(Clone)]
pub struct SecretKeys {
    keys: std::sync::Arc<Vec<hmac::Key>>,
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
            .map(|(_, key)| derive(key, purpose.as_bytes()))
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
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.keys[0], subject))
    }

    /// Whether `token` is the one for `subject` under any key; in constant time.
    #[must_use]
    pub fn opens(&self, subject: &[u8], token: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        self.keys
            .iter()
            .any(|key| hmac::verify(key, subject, &tag).is_ok())
    }
}
