use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use domain::Clock;
use rusty_s3::{Bucket, S3Action, UrlStyle};
use secrecy::ExposeSecret;
use settings::Env;
use url::Url;

use crate::client::{SetupError, noted};
use crate::settings::{Credentials, StorageSettings};

/// How long the signature of a call of our own holds: longer than any call, for clocks that differ.
const OWN_CALLS: Duration = Duration::from_secs(300);

/// Makes addresses that are signed, and talks to nobody: a function that only signs needs no way to the
/// storage and links no HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) credentials: Arc<rusty_s3::Credentials>,
    pub(crate) clock: Clock,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("bucket", &self.bucket.base_url().as_str())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads the settings for addresses that browsers are given; what is wrong is noted in `env`.
    pub fn read(env: &mut Env, clock: Clock) -> Option<Self> {
        let settings = StorageSettings::read_for_browsers(env);
        noted(env, Self::new(&settings, clock))
    }

    /// Signs for a bucket.
    ///
    /// # Errors
    /// If bucket and region make no address.
    pub fn new(settings: &StorageSettings, clock: Clock) -> Result<Self, SetupError> {
        Ok(Self {
            bucket: Arc::new(bucket(settings).map_err(SetupError)?),
            credentials: Arc::new(credentials(&settings.credentials)),
            clock,
        })
    }

    /// The credentials as the library takes them.
    pub(crate) fn credentials(&self) -> Option<&rusty_s3::Credentials> {
        Some(&self.credentials)
    }

    /// The address of a call of our own.
    pub(crate) fn own<'a>(&self, action: &impl S3Action<'a>) -> Url {
        sign(action, OWN_CALLS, self.clock.now())
    }
}

pub(crate) fn sign<'a>(action: &impl S3Action<'a>, valid: Duration, at: DateTime<Utc>) -> Url {
    // A time that the library cannot hold lies ten thousand years away; the machine's is then as good.
    match SystemTime::from(at).try_into() {
        Ok(time) => action.sign_with_time(valid, &time),
        Err(_) => action.sign(valid),
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
    Ok(Bucket::new(endpoint, style, name, region).map_err(|_| "no address of a bucket")?)
}

fn credentials(ours: &Credentials) -> rusty_s3::Credentials {
    let (id, secret) = (&ours.access_key_id, ours.secret_access_key.expose_secret());
    match &ours.session_token {
        Some(token) => rusty_s3::Credentials::new_with_token(id, secret, token.expose_secret()),
        None => rusty_s3::Credentials::new(id, secret),
    }
}
