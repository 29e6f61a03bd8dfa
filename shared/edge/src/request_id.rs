//! The name of a request: on its answer, in every log line, and carried through messages.

use std::convert::Infallible;
use std::fmt;

use axum::extract::{FromRequestParts, Request};
use http::request::Parts;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use uuid::Uuid;

/// The gateway's id of the request, or one of our own.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// A client's own header is not asked: it could name another's request.
    pub(crate) fn of(request: &Request) -> Self {
        let given = match request.extensions().get::<RequestContext>() {
            Some(_) => match request.request_context() {
                RequestContext::ApiGatewayV2(context) => context.request_id,
                _ => None,
            },
            None => None,
        };
        let sane = |id: &String| {
            (8..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b))
        };
        Self(
            given
                .filter(sane)
                .unwrap_or_else(|| Uuid::now_v7().to_string()),
        )
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The shell has put it there; a handler called without the shell gets one of its own.
        let own = || Self(Uuid::now_v7().to_string());
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(own))
    }
}
