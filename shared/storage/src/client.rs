use std::time::Duration;

use domain::Clock;
use reqwest::{Client, redirect};
use settings::Env;

use crate::settings::StorageSettings;
use crate::signer::Signer;

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

/// What was made of the settings; what could not be made is noted.
pub(crate) fn noted<T>(env: &mut Env, made: Result<T, SetupError>) -> Option<T> {
    if made.is_err() {
        let reason = "makes no address with the region or the endpoint";
        env.problem("STORAGE_BUCKET", reason);
    }
    made.ok()
}

/// The client could not be set up; nothing about the storage is known by this.
#[derive(Debug, thiserror::Error)]
#[error("the client of the storage could not be set up")]
pub struct SetupError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

/// A client of one bucket. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Storage {
    /// Makes addresses for whoever reaches the storage as this client does. For browsers:
    /// [`Signer::read`].
    pub signer: Signer,
    pub(crate) http: Client,
    pub(crate) limits: TimeLimits,
}

impl Storage {
    /// Reads the settings and makes a client with the usual [`TimeLimits`]; what is wrong is noted in
    /// `env`. Opens no connection yet.
    pub fn read(env: &mut Env, clock: Clock) -> Option<Self> {
        let settings = StorageSettings::read(env);
        noted(env, Self::new(&settings, clock))
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
            signer: Signer::new(settings, clock)?,
            http: http_client(settings, limits).map_err(SetupError)?,
            limits,
        })
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
