//! Who may see what.

use axum::extract::FromRequestParts;
use domain::OrderId;
use http::header;
use http::request::Parts;
use sealing::SecretKeys;

use crate::Problem;

/// A bearer token as it came; whose it is, the endpoint finds out.
#[derive(Clone)]
pub struct Bearer(String);

impl Bearer {
    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(…)")
    }
}

fn bearer(parts: &Parts) -> Option<Bearer> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let sane = !token.is_empty() && token.len() <= 4_096;
    (scheme.eq_ignore_ascii_case("bearer") && sane).then(|| Bearer(token.to_owned()))
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        bearer(parts).ok_or_else(Problem::unauthorized)
    }
}

/// The token that a guest gets with an order: it opens that one order and nothing else. It is
/// derived from the order's id, so it is stored nowhere and the same on every replay.
#[derive(Debug, Clone)]
pub struct GuestAccess(SecretKeys);

impl GuestAccess {
    /// Reads `JWT_SECRET_KEY`.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        SecretKeys::read(env, "madrush guest access to an order 1").map(Self)
    }

    /// The token of an order.
    #[must_use]
    pub fn token(&self, order: OrderId) -> String {
        self.0.token(order.uuid().as_bytes())
    }

    /// Whether a token opens an order; in constant time.
    #[must_use]
    pub fn opens(&self, order: OrderId, bearer: &Bearer) -> bool {
        let opens = self.0.opens(order.uuid().as_bytes(), bearer.as_str());
        if !opens {
            settings::unknown_to("JWT_SECRET_KEY");
        }
        opens
    }
}
