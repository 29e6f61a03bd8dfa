use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use reqwest::{Client, redirect};
use rusty_s3::{Bucket, UrlStyle};
use secrecy::ExposeSecret;
use settings::Env;
use url::Url;

use crate::settings::{Credentials, StorageSettings};

/// How long each kind of call may take in all, connecting and repeats included.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// One connection, TLS included.
    pub connect: Duration,
    /// What carries no object: looking one up, deleting, opening and closing a multipart upload.
    pub ask: Duration,
    /// Reading a piece, writing an object or a part.
    pub transfer: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            ask: Duration::from_secs(6),
            transfer: Duration::from_secs(15),
        }
    }
}

/// The client could not be set up; nothing about the storage is known by this.
#[derive(Debug, thiserror::Error)]
#[error("the client of the storage could not be set up")]
pub struct SetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A client of one bucket. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Storage {
    pub(crate) http: Client,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) credentials: Arc<rusty_s3::Credentials>,
    pub(crate) limits: TimeLimits,
    pub(crate) clock: Clock,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("bucket", &self.bucket.base_url().as_str())
            .finish_non_exhaustive()
    }
}

impl Storage {
    /// Reads the settings and makes a client with the usual [`TimeLimits`]; what is wrong is noted in
    /// `env`. Opens no connection yet.
    pub fn read(env: &mut Env, clock: Clock) -> Option<Self> {
        let settings = StorageSettings::read(env);
        let made = Self::new(&settings, clock);
        if made.is_err() {
            env.problem(
                "STORAGE_BUCKET",
                "makes no address with the region or the endpoint",
            );
        }
        made.ok()
    }

    /// A client with the usual [`TimeLimits`]. Opens no connection yet.
    ///
    /// # Errors
    /// If bucket and region make no address, or the TLS configuration cannot be made.
    pub fn new(settings: &StorageSettings, clock: Clock) -> Result<Self, SetupError> {
        Self::with_limits(settings, clock, TimeLimits::default())
    }

    /// A client with other time limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(
        settings: &StorageSettings,
        clock: Clock,
        limits: TimeLimits,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            http: http_client(settings, limits).map_err(SetupError)?,
            bucket: Arc::new(bucket(settings).map_err(SetupError)?),
            credentials: Arc::new(credentials(&settings.credentials)),
            limits,
            clock,
        })
    }
}

fn bucket(settings: &StorageSettings) -> Result<Bucket, Box<dyn std::error::Error + Send + Sync>> {
    let (name, region) = (settings.bucket.clone(), settings.region.clone());
    let (endpoint, style) = match &settings.endpoint {
        Some(endpoint) => (endpoint.clone(), UrlStyle::Path),
        None => {
            let aws = Url::parse(&format!("https://s3.{region}.amazonaws.com"))?;
            (aws, UrlStyle::VirtualHost)
        }
    };
    Ok(Bucket::new(endpoint, style, name, region)?)
}

fn credentials(ours: &Credentials) -> rusty_s3::Credentials {
    let (id, secret) = (&ours.access_key_id, ours.secret_access_key.expose_secret());
    match &ours.session_token {
        Some(token) => rusty_s3::Credentials::new_with_token(id, secret, token.expose_secret()),
        None => rusty_s3::Credentials::new(id, secret),
    }
}

fn http_client(
    settings: &StorageSettings,
    limits: TimeLimits,
) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let in_clear = settings
        .endpoint
        .as_ref()
        .is_some_and(|url| url.scheme() == "http");
    let client = Client::builder()
        .user_agent("mad-rush")
        .connect_timeout(limits.connect)
        // A redirect means another region, which is a mistake in the settings; the signature would not
        // hold there.
        .redirect(redirect::Policy::none())
        .https_only(!in_clear)
        // Long enough for the calls of one invocation; a connection that slept through a freeze is past
        // it and is not used again.
        .pool_idle_timeout(Duration::from_secs(5))
        .tls_backend_preconfigured(tls::client_config()?)
        .build()?;
    Ok(client)
}
