//! What the functions of a shop for tests are told.

use std::time::Duration;

use database::testing::TestDatabase;
use runtime_api::Gate;
use sandbox::StorageAccount;
use secrecy::ExposeSecret as _;
use settings::Env;

use crate::standins::{PAYSTACK_KEY, StandIns, TWILIO_ACCOUNT, TWILIO_TOKEN};
use crate::vhost::Vhost;

/// The first check comes while a customer still types; the last, when everything else has failed.
const CHECKS: &str = "3,6,12,20,40";

/// Base64 of 32 bytes each; keys of nothing but these shops.
const JWT_KEY: &str = "bWFkcnVzaC1qb3VybmV5cy1qd3Qta2V5LTMyLWJ5dGU=";
const SEALING_KEY: &str = "bWFkcnVzaC1qb3VybmV5cy1lbmMta2V5LTMyLWJ5dGU=";

/// What the functions are told and must tell nobody.
pub(crate) const SECRETS: [&str; 5] = [
    JWT_KEY,
    SEALING_KEY,
    PAYSTACK_KEY,
    TWILIO_TOKEN,
    StorageAccount::TEST_SECRET,
];

/// Reads what the environment says of the servers.
///
/// # Panics
/// Where a setting is missing.
pub(crate) fn read<T>(read: impl FnOnce(&mut Env) -> T) -> T {
    settings::read(read).expect("the services' settings: run these tests with `cargo dev test`")
}

/// An HTTP client that follows no redirect and waits as long as a function may need to be started.
pub(crate) fn client() -> reqwest::Client {
    // An error means that this process has chosen ring already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client")
}

/// Where things are.
pub(crate) struct Addresses<'a> {
    pub(crate) api: &'a str,
    pub(crate) database: &'a TestDatabase,
    pub(crate) vhost: &'a Vhost,
    pub(crate) rabbit: &'a Gate,
    pub(crate) redis: &'a Gate,
    pub(crate) standins: &'a StandIns,
}

impl Addresses<'_> {
    /// The functions' environment. Redis' database number and password are left as they are given;
    /// a prefix of its own keeps each shop's keys apart.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let rabbit = &self.vhost.settings;
        let (smtp, web) = (self.standins.smtp(), self.standins.url());
        let storage = StorageAccount::for_tests();
        vec![
            ("DATABASE_URL", self.database.url().to_owned()),
            ("REDIS_HOST", self.redis.host()),
            ("REDIS_PORT", self.redis.port().to_string()),
            ("REDIS_PREFIX", rabbit.vhost.clone()),
            ("RABBITMQ_HOST", self.rabbit.host()),
            ("RABBITMQ_PORT", self.rabbit.port().to_string()),
            ("RABBITMQ_USER", rabbit.user.clone()),
            (
                "RABBITMQ_PASSWORD",
                rabbit.password.expose_secret().to_owned(),
            ),
            ("RABBITMQ_VHOST", rabbit.vhost.clone()),
            ("RABBITMQ_TLS", "false".to_owned()),
            ("PAYSTACK_SECRET_KEY", PAYSTACK_KEY.to_owned()),
            ("PAYSTACK_PUBLIC_KEY", "pk_test_shop".to_owned()),
            ("PAYSTACK_BASE_URL", format!("{web}/paystack")),
            ("SMTP_HOST", smtp.ip().to_string()),
            ("SMTP_PORT", smtp.port().to_string()),
            ("SMTP_TLS", "none".to_owned()),
            ("SENDER_EMAIL", "orders@madrush.example".to_owned()),
            ("SENDER_NAME", "MAD RUSH".to_owned()),
            ("TWILIO_ACCOUNT_SID", TWILIO_ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN", TWILIO_TOKEN.to_owned()),
            ("TWILIO_PHONE_NUMBER", "+15005550006".to_owned()),
            ("TWILIO_BASE_URL", format!("{web}/twilio")),
            ("STORAGE_BUCKET", storage.bucket),
            ("STORAGE_ENDPOINT", format!("{web}/s3")),
            ("STORAGE_PUBLIC_ENDPOINT", format!("{web}/s3")),
            ("IMAGES_URL", format!("{web}/media")),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", storage.access_key_id),
            (
                "AWS_SECRET_ACCESS_KEY",
                storage.secret_access_key.expose_secret().to_owned(),
            ),
            ("JWT_SECRET_KEY", format!("k1:{JWT_KEY}")),
            ("ENCRYPTION_KEY", format!("k1:{SEALING_KEY}")),
            ("NEXT_PUBLIC_API_URL", self.api.to_owned()),
            ("VITE_ADMIN_API_URL", format!("{}/api/admin", self.api)),
            ("VITE_PRODUCT_API_URL", format!("{}/api", self.api)),
            ("ALLOWED_ORIGINS", "http://localhost:3000".to_owned()),
            ("STOREFRONT_URL", format!("{web}/storefront")),
            ("STAFF_EMAIL", "staff@madrush.example".to_owned()),
            ("RELAY_DRAIN_SECONDS", "5".to_owned()),
            ("METRICS", "emf".to_owned()),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                self.standins.collector().url(),
            ),
            ("PAYMENT_CHECK_SECONDS", CHECKS.to_owned()),
        ]
    }
}
