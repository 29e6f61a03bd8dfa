//! Access tokens: JSON Web Tokens (RFC 7519) as RFC 9068 profiles them, signed with HMAC-SHA256.
//!
//! One issuer, one algorithm and one type: a token says which of *our keys* signed it, never how it
//! is to be verified. Written here rather than taken from `jsonwebtoken`: that brings no ring (its
//! choices are aws-lc, which this workspace bans, and RustCrypto with RSA and three curves), leaves
//! `typ` to the caller, and what remains of it for one algorithm is two calls of base64 and serde.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sealing::{SecretKeys, SignatureError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who has issued a token.
pub(crate) const ISSUER: &str = "madrush";
/// No key serves two purposes; guests' tokens have another.
const PURPOSE: &str = "madrush access token 1";
const ALGORITHM: &str = "HS256";
/// RFC 9068 §2.1: tells an access token from any other JWT that the same keys may once sign.
const TYPE: &str = "at+jwt";
/// By how much the clocks of two of our machines may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);

/// The longest that a token counts. One that claims more is refused, whoever signed it.
pub(crate) const LONGEST: TimeDelta = TimeDelta::hours(24);

/// RFC 7515 §4.1. Strict: a parameter that we did not write (`crit`, `jwk`, `x5u` …) makes it
/// somebody else's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// RFC 7519 §4.1. Claims that this version does not know are ignored, so that a later one may add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: String,
    /// Seconds since 1970, as are the next two.
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) jti: Uuid,
    /// Words of [`domain::Permission`]; one that this version does not know permits nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) permissions: Vec<String>,
}

/// Why a token does not count. For the log: a client is told none of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Three parts of base64url and JSON, and nothing else.
    #[error("the token is malformed")]
    Malformed,
    #[error("the token wants another algorithm")]
    Algorithm,
    #[error("the token is of another type")]
    Type,
    #[error("the token is refused")]
    Signature(#[from] SignatureError),
    #[error("the token has another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token does not count yet")]
    TooEarly,
    #[error("the token has expired")]
    Expired,
    #[error("the token claims to count for too long")]
    TooLong,
}

/// Signs access tokens and verifies them.
#[derive(Debug, Clone)]
pub(crate) struct AccessTokens(SecretKeys);

impl AccessTokens {
    /// Reads `JWT_SECRET_KEY`.
    pub(crate) fn read(env: &mut settings::Env) -> Option<Self> {
        SecretKeys::read(env, PURPOSE).map(Self)
    }

    /// A token with these claims, signed with the key in use.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let header = Header {
            alg: ALGORITHM.to_owned(),
            typ: TYPE.to_owned(),
            kid: self.0.key_id().to_owned(),
        };
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of a token that counts now, for `audience`. Nothing that the token says is
    /// believed before its signature has been verified, but which key that is.
    ///
    /// # Errors
    /// [`TokenError`].
    pub(crate) fn verify(
        &self,
        token: &str,
        audience: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = decoded(header)?;
        if header.alg != ALGORITHM {
            return Err(TokenError::Algorithm);
        }
        if header.typ != TYPE {
            return Err(TokenError::Type);
        }
        let signature = bytes(signature)?;
        self.0.verify(&header.kid, signed.as_bytes(), &signature)?;
        let claims: Claims = decoded(claims)?;
        claims.check(audience, now)?;
        Ok(claims)
    }
}

impl Claims {
    fn check(&self, audience: &str, now: DateTime<Utc>) -> Result<(), TokenError> {
        let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
        if self.iss != ISSUER {
            return Err(TokenError::Issuer);
        }
        if self.aud != audience {
            return Err(TokenError::Audience);
        }
        if self.nbf.max(self.iat) > now.saturating_add(leeway) {
            return Err(TokenError::TooEarly);
        }
        if self.exp <= now.saturating_sub(leeway) {
            return Err(TokenError::Expired);
        }
        if self.exp.saturating_sub(self.iat) > LONGEST.num_seconds() {
            return Err(TokenError::TooLong);
        }
        Ok(())
    }
}

fn encoded(part: &impl Serialize) -> String {
    // Text and numbers under text keys: there is no way for this to fail.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| TokenError::Malformed)
}

/// Strict: no padding, no white space, no bits that say nothing, so that a token has one spelling.
fn bytes(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests;
