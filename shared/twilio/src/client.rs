use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, redirect};
use secrecy::ExposeSecret;

use crate::settings::{Sender, TwilioSettings};

/// How long each kind of call may take in all, connecting and repeats included.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// One connection, TLS included.
    pub connect: Duration,
    /// Sending; long, since an unclear end costs a search.
    pub send: Duration,
    /// Fetching and searching.
    pub read: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            send: Duration::from_secs(10),
            read: Duration::from_secs(6),
        }
    }
}

/// The client could not be set up; nothing about Twilio is known by this.
#[derive(Debug, thiserror::Error)]
#[error("the client for Twilio could not be set up")]
pub struct SetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A client of Twilio's Messages API. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Twilio {
    pub(crate) http: Client,
    pub(crate) base: Arc<str>,
    pub(crate) account_sid: Arc<str>,
    pub(crate) sender: Arc<Sender>,
    pub(crate) limits: TimeLimits,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Twilio {
    /// A client with the usual [`TimeLimits`]. Opens no connection yet.
    ///
    /// # Errors
    /// If the TLS configuration or the token's header cannot be made.
    pub fn new(settings: &TwilioSettings) -> Result<Self, SetupError> {
        Self::with_limits(settings, TimeLimits::default())
    }

    /// A client with other time limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(settings: &TwilioSettings, limits: TimeLimits) -> Result<Self, SetupError> {
        Ok(Self {
            http: http_client(settings, limits).map_err(SetupError)?,
            base: settings.base_url.as_str().trim_end_matches('/').into(),
            account_sid: settings.account_sid.as_str().into(),
            sender: Arc::new(settings.sender.clone()),
            limits,
        })
    }
}

fn http_client(
    settings: &TwilioSettings,
    limits: TimeLimits,
) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let pair = format!(
        "{}:{}",
        settings.account_sid,
        settings.auth_token.expose_secret()
    );
    let mut authorization = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))?;
    authorization.set_sensitive(true);
    let client = Client::builder()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
        .user_agent("mad-rush")
        .connect_timeout(limits.connect)
        // The API never redirects; following one would carry a number and a text elsewhere.
        .redirect(redirect::Policy::none())
        // Long enough for the messages of one batch; a connection that slept through a freeze is
        // past it and is not used again.
        .pool_idle_timeout(Duration::from_secs(5))
        .tls_backend_preconfigured(tls::client_config()?)
        .build()?;
    Ok(client)
}
