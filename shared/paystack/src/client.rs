use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, redirect};
use secrecy::ExposeSecret;

use crate::error::PaystackError;
use crate::settings::{Mode, PaystackSettings};

/// Longer references exist nowhere; a longer path would only be refused by something in between.
const REFERENCE_LIMIT: usize = 255;
/// What a reference may hold unescaped in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// How long each kind of call may take in all, connecting and repeats included.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// One connection, TLS included.
    pub connect: Duration,
    /// Verify, fetch and list.
    pub read: Duration,
    /// Starting a transaction; short, since a customer waits.
    pub initialize: Duration,
    /// Charging directly.
    pub charge: Duration,
    /// Asking for a refund; long, since an unclear answer costs a search.
    pub refund: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            read: Duration::from_secs(5),
            initialize: Duration::from_secs(5),
            charge: Duration::from_secs(8),
            refund: Duration::from_secs(10),
        }
    }
}

/// The client could not be set up; nothing about Paystack is known by this.
#[derive(Debug, thiserror::Error)]
#[error("the client for Paystack could not be set up")]
pub struct SetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A client of Paystack. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Paystack {
    pub(crate) http: Client,
    pub(crate) base: Arc<str>,
    pub(crate) is_real: bool,
    pub(crate) limits: TimeLimits,
    mode: Mode,
}

impl fmt::Debug for Paystack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paystack")
            .field("base", &self.base)
            .field("mode", &self.mode)
            .finish()
    }
}

impl Paystack {
    /// A client with the usual [`TimeLimits`]. Opens no connection yet.
    ///
    /// # Errors
    /// If the TLS configuration or the key's header cannot be made.
    pub fn new(settings: &PaystackSettings) -> Result<Self, SetupError> {
        Self::with_limits(settings, TimeLimits::default())
    }

    /// A client with other time limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(
        settings: &PaystackSettings,
        limits: TimeLimits,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            http: http_client(settings, limits).map_err(SetupError)?,
            base: settings.base_url.as_str().trim_end_matches('/').into(),
            is_real: settings.is_real(),
            limits,
            mode: settings.mode,
        })
    }

    /// The mode of the key that this client calls with.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

fn http_client(
    settings: &PaystackSettings,
    limits: TimeLimits,
) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let bearer = format!("Bearer {}", settings.secret_key.expose_secret());
    let mut authorization = HeaderValue::from_str(&bearer)?;
    authorization.set_sensitive(true);
    let client = Client::builder()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
        .user_agent("mad-rush")
        .connect_timeout(limits.connect)
        // The API never redirects; following one would carry a payment's data elsewhere.
        .redirect(redirect::Policy::none())
        .https_only(settings.mode == Mode::Live)
        // Long enough for the calls of one invocation; a connection that slept through a freeze
        // is past it and is not used again.
        .pool_idle_timeout(Duration::from_secs(5))
        .tls_backend_preconfigured(tls::client_config()?)
        .build()?;
    Ok(client)
}

/// A reference as a path segment. One that cannot be addressed (`..` would climb the path even
/// when escaped) cannot name a record either.
pub(crate) fn segment(reference: &str) -> Result<String, PaystackError> {
    let nowhere = matches!(reference, "" | "." | "..") || reference.len() > REFERENCE_LIMIT;
    if nowhere {
        return Err(PaystackError::NotFound);
    }
    Ok(utf8_percent_encode(reference, IN_PATH).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_escaped_and_cannot_climb() {
        assert_eq!(segment("mr-1.a_b").unwrap(), "mr-1.a_b");
        assert_eq!(segment("a=/b?c#d%").unwrap(), "a%3D%2Fb%3Fc%23d%25");
        for nowhere in ["", ".", "..", &"x".repeat(256)] {
            assert!(matches!(segment(nowhere), Err(PaystackError::NotFound)));
        }
    }
}
