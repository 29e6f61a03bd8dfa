//! What an instance is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// What an instance of the stand-ins is started with. [`SandboxConfig::for_tests`] is a base whose
/// ports are free ones.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where HTTP listens; port 0 takes a free one.
    pub http_addr: SocketAddr,
    /// Where SMTP listens; port 0 takes a free one.
    pub smtp_addr: SocketAddr,
    /// The address as a browser sees it, without a trailing slash; by default the bound address.
    /// `authorization_url` is made of it.
    pub public_url: Option<Url>,
    /// The name on the payment page.
    pub shop_name: String,
    /// The one key that is accepted, and that signs the webhooks (`sk_test_…`).
    pub paystack_secret_key: SecretString,
    /// Where Paystack's webhooks go; without it none are sent.
    pub webhook_url: Option<Url>,
    /// Twilio's account (`AC` and 32 hexadecimal digits): the user of basic authentication.
    pub twilio_account_sid: String,
    /// Twilio's token: the password of basic authentication and the key of callback signatures.
    pub twilio_auth_token: SecretString,
    /// The OpenAPI document that `/docs` shows; read afresh for each request.
    pub openapi: Option<PathBuf>,
    /// The API that `/docs` calls when a request is tried out.
    pub api_url: Url,
    /// The bucket, and whose signatures open it.
    pub storage: StorageAccount,
    /// How many times faster than life the provider's own clock runs: webhook retries (every three
    /// minutes, then hourly) and the stages of a refund (a minute each). 1 is life; 0 counts as 1.
    pub time_scale: u32,
}

/// The one bucket of the S3 stand-in, and the one account that may sign for it.
#[derive(Debug, Clone)]
pub struct StorageAccount {
    /// The bucket's name.
    pub bucket: String,
    /// The account's key (`AKIA…`), which signatures name.
    pub access_key_id: String,
    /// Its secret, which signatures are made with.
    pub secret_access_key: SecretString,
    /// Where objects outlive the process; in memory only without one.
    pub folder: Option<PathBuf>,
}

impl StorageAccount {
    /// The secret of [`for_tests`](Self::for_tests), to be looked for where it must not be.
    pub const TEST_SECRET: &str = "madrush-test-secret";

    /// A bucket in memory, with fixed credentials.
    pub fn for_tests() -> Self {
        Self {
            bucket: "madrush-test".to_owned(),
            access_key_id: "AKIAMADRUSHTEST".to_owned(),
            secret_access_key: SecretString::from(Self::TEST_SECRET),
            folder: None,
        }
    }
}

impl SandboxConfig {
    /// Free ports on the loopback, fixed test credentials, no webhook target, a clock 600 times
    /// faster than life (a webhook is retried after 300 ms).
    pub fn for_tests() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            http_addr: anywhere,
            smtp_addr: anywhere,
            public_url: None,
            shop_name: "Mad Rush".to_owned(),
            paystack_secret_key: SecretString::from("sk_test_sandbox"),
            webhook_url: None,
            twilio_account_sid: "AC00000000000000000000000000000000".to_owned(),
            twilio_auth_token: SecretString::from("12345"),
            openapi: None,
            api_url: default_api_url(),
            storage: StorageAccount::for_tests(),
            time_scale: 600,
        }
    }
}

/// The API's address in development.
#[expect(clippy::unwrap_used, reason = "a constant address that a test parses")]
pub(crate) fn default_api_url() -> Url {
    Url::parse("http://localhost:9000").unwrap()
}
