//! What the functions are told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use runtime_api::Spawn;
use sandbox::StorageAccount;
use secrecy::ExposeSecret as _;

use crate::fleet::Fleet;
use crate::scene::{MARK, PAYSTACK_KEY, Scene, TWILIO_ACCOUNT, TWILIO_TOKEN};
use crate::version::{Built, Version};

/// Base64 of 32 bytes each; keys of nothing but rehearsals.
const JWT_KEY: &str = "bWFkcnVzaC1yZWhlYXJzYWwtand0LWtleS0zMi1ieXQ=";
const SEALING_KEY: &str = "bWFkcnVzaC1yZWhlYXJzYWwtZW5jLWtleS0zMi1ieXQ=";

/// What the functions are told and must tell nobody.
pub(crate) const SECRETS: [&str; 5] = [
    JWT_KEY,
    SEALING_KEY,
    PAYSTACK_KEY,
    TWILIO_TOKEN,
    StorageAccount::TEST_SECRET,
];

/// The password of every area's role. Roles are the server's, and the tests that run beside a rehearsal
/// log in as them too, so all say the same (shared/database/src/testing.rs).
const ROLE_PASSWORD: &str = "madrush";

/// The areas whose functions have a login role of their own in Postgres.
pub(crate) const AREAS: [&str; 5] = [
    "catalog",
    "orders",
    "payments",
    "notifications",
    "operations",
];

/// The functions that prepare a deployment, and take no traffic.
pub(crate) const HOOKS: [&str; 2] = ["migrate", "declare-queues"];

/// The first checks of an open payment come while its customer still types; the last would come after
/// the rehearsal.
const CHECKS: &str = "2,4,8,900";

/// The gateway gives up after 30 s, and the template's functions before it.
const HTTP_LIMIT: Duration = Duration::from_secs(20);
const EVENT_LIMIT: Duration = Duration::from_secs(60);

/// Who a version's functions are in Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logins {
    /// Everybody is the owner.
    Owner,
    /// Each area's functions have their role.
    Areas,
}

impl fmt::Display for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "the owner in Postgres",
            Self::Areas => "their areas' roles in Postgres",
        })
    }
}

/// The instances of every function of a version, none started yet.
pub(crate) fn fleets(
    scene: &Scene,
    version: &Version,
    logins: Logins,
    instances: usize,
) -> anyhow::Result<BTreeMap<String, Fleet>> {
    let mut fleets = BTreeMap::new();
    for (name, built) in &version.functions {
        let spawn = Spawn::new(&built.binary).envs(&environment(scene, built, name, logins)?);
        let answers_http = version.routes.functions().any(|function| function == name);
        let limit = if answers_http {
            HTTP_LIMIT
        } else {
            EVENT_LIMIT
        };
        fleets.insert(name.clone(), Fleet::new(spawn, limit, instances));
    }
    Ok(fleets)
}

/// The role of an area.
pub(crate) fn role(area: &str) -> String {
    format!("madrush_{area}")
}

fn environment(
    scene: &Scene,
    built: &Built,
    name: &str,
    logins: Logins,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut environment = shop(scene);
    let password = || ROLE_PASSWORD.to_owned();
    if HOOKS.contains(&name) {
        let setting = |area: &str| format!("{}_DATABASE_PASSWORD", area.to_uppercase());
        environment.extend(AREAS.map(|area| (setting(area), password())));
    } else if logins == Logins::Areas && AREAS.contains(&built.area.as_str()) {
        let url = scene.database.url_of(&role(&built.area))?;
        environment.insert("DATABASE_URL".to_owned(), url);
        environment.insert("DATABASE_PASSWORD".to_owned(), password());
    }
    environment.extend(built.settings.clone());
    Ok(environment.into_iter().collect())
}

/// The settings of the whole shop: those of development, with what is this rehearsal's own put in.
fn shop(scene: &Scene) -> BTreeMap<String, String> {
    let (api, web) = (scene.front.url(), scene.standins.url());
    let (smtp, storage) = (scene.standins.smtp(), StorageAccount::for_tests());
    let own = [
        (MARK, std::process::id().to_string()),
        ("DATABASE_URL", scene.database.url()),
        ("REDIS_PREFIX", scene.copies.prefix.clone()),
        ("RABBITMQ_VHOST", scene.vhost.settings.vhost.clone()),
        ("PAYSTACK_SECRET_KEY", PAYSTACK_KEY.to_owned()),
        ("PAYSTACK_BASE_URL", format!("{web}/paystack")),
        ("SMTP_HOST", smtp.ip().to_string()),
        ("SMTP_PORT", smtp.port().to_string()),
        ("SMTP_TLS", "none".to_owned()),
        ("TWILIO_ACCOUNT_SID", TWILIO_ACCOUNT.to_owned()),
        ("TWILIO_AUTH_TOKEN", TWILIO_TOKEN.to_owned()),
        ("TWILIO_BASE_URL", format!("{web}/twilio")),
        ("STORAGE_BUCKET", storage.bucket),
        ("STORAGE_ENDPOINT", format!("{web}/s3")),
        ("STORAGE_PUBLIC_ENDPOINT", format!("{web}/s3")),
        ("IMAGES_URL", format!("{web}/media")),
        ("AWS_ACCESS_KEY_ID", storage.access_key_id),
        (
            "AWS_SECRET_ACCESS_KEY",
            storage.secret_access_key.expose_secret().to_owned(),
        ),
        ("JWT_SECRET_KEY", format!("k1:{JWT_KEY}")),
        ("ENCRYPTION_KEY", format!("k1:{SEALING_KEY}")),
        ("NEXT_PUBLIC_API_URL", api),
        ("STOREFRONT_URL", format!("{web}/storefront")),
        ("RELAY_DRAIN_SECONDS", "2".to_owned()),
        ("PAYMENT_CHECK_SECONDS", CHECKS.to_owned()),
    ];
    let mut shop = scene.settings.clone();
    shop.extend(own.map(|(name, value)| (name.to_owned(), value)));
    shop
}
