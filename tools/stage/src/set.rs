use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use checkout::Resources;
use database::testing::TestDatabase;
use domain::{Permission, VariantId};
use edge::{GuestAccess, Lifetime, StaffAccess};
use runtime_api::{Function, Gate};
use sandbox::{Running, Sandbox, SandboxConfig, StorageAccount};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::login::url_for;

/// The provider's secret key on every stage: it authorises calls and signs webhooks.
pub const PAYSTACK_KEY: &str = "sk_test_sandbox";

/// A shop with nothing in it: its database, the stand-ins, and the settings that name them.
pub struct Stage {
    /// The database, migrated and empty.
    pub db: TestDatabase,
    /// Paystack, Twilio and the mail server.
    pub sandbox: Running,
    /// What the shop's use-cases work with, under the same settings as the functions.
    pub resources: Resources,
    pub(crate) access: GuestAccess,
    staff: StaffAccess,
    pub(crate) http: reqwest::Client,
    settings: Vec<(String, String)>,
}

impl Stage {
    /// Sets a stage.
    ///
    /// # Panics
    /// Where no database server can be reached: run tests through `cargo dev test`.
    pub async fn set() -> Self {
        let db = TestDatabase::create().await;
        let sandbox = Sandbox::start(SandboxConfig::for_tests())
            .await
            .expect("the stand-ins start");
        let settings = settings_of(db.url(), &sandbox);
        let known: HashMap<String, String> = settings.iter().cloned().collect();
        let (resources, access, staff) = settings::read_from(
            move |name| known.get(name).cloned(),
            |env| {
                (
                    Resources::read(env),
                    GuestAccess::read(env),
                    StaffAccess::read(env),
                )
            },
        )
        .expect("the stage's settings are complete");
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client");
        Self {
            db,
            sandbox,
            resources: resources.expect("resources"),
            access: access.expect("a secret"),
            staff: staff.expect("a secret"),
            http,
            settings,
        }
    }

    /// A token by which `member` of staff has these permissions for an hour.
    ///
    /// # Panics
    /// Where `member` is no sign for staff.
    #[must_use]
    pub fn staff_token(&self, member: &str, permissions: &[Permission]) -> String {
        let member = member.parse().expect("a sign for staff");
        let hour = Lifetime::minutes(60).expect("an hour is sane");
        self.staff.issue(&member, permissions, hour)
    }

    /// A function's settings. It comes to the database as its area's role.
    ///
    /// # Panics
    /// Where the binary is no function's.
    #[must_use]
    pub fn settings(&self, binary: impl AsRef<Path>) -> Vec<(String, String)> {
        self.settings_with(binary, &[])
    }

    /// The same with some of them changed or added.
    ///
    /// # Panics
    /// As [`settings`](Self::settings).
    #[must_use]
    pub fn settings_with(
        &self,
        binary: impl AsRef<Path>,
        changes: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let url = url_for(&self.db, binary.as_ref());
        let own = [("DATABASE_URL", url.as_str())];
        with(with(self.settings.clone(), &own), changes)
    }

    /// Starts a function's binary on this stage.
    pub fn spawn(&self, binary: impl AsRef<Path>) -> Function {
        let settings = self.settings(&binary);
        Function::spawn(binary, &settings)
    }

    /// Starts a function's binary whose way to the database leads through a gate.
    pub fn spawn_behind(&self, gate: &Gate, binary: impl AsRef<Path>) -> Function {
        let url = self.url_behind(gate, &binary);
        let settings = self.settings_with(&binary, &[("DATABASE_URL", &url)]);
        Function::spawn(binary, &settings)
    }

    /// The database's address for a function when the way leads through a gate.
    ///
    /// # Panics
    /// As [`settings`](Self::settings).
    #[must_use]
    pub fn url_behind(&self, gate: &Gate, binary: impl AsRef<Path>) -> String {
        let mut url = Url::parse(&url_for(&self.db, binary.as_ref())).expect("an address");
        url.set_host(Some(&gate.host())).expect("a host");
        url.set_port(Some(gate.port())).expect("a port");
        url.into()
    }

    /// A gate in front of the database server.
    ///
    /// # Panics
    /// Never: the database's address is one.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let url = Url::parse(self.db.url()).expect("an address");
        let host = url.host_str().unwrap_or("127.0.0.1");
        Gate::to(format!("{host}:{}", url.port().unwrap_or(5432)))
    }

    /// A product of one variant at `price` kobo, with so many pieces on the shelf.
    pub async fn a_product(&self, price: i64, on_hand: i64) -> VariantId {
        stock::testing::a_product(&mut self.db.connect().await, price, on_hand).await
    }

    /// `(on_hand, reserved)` of a variant.
    pub async fn counters(&self, variant: VariantId) -> (i64, i64) {
        stock::testing::counters(&mut self.db.connect().await, variant).await
    }
}

fn with(mut settings: Vec<(String, String)>, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.retain(|(name, _)| changes.iter().all(|(changed, _)| name != changed));
    let changed = changes.iter();
    settings.extend(changed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    settings
}

fn settings_of(database: &str, sandbox: &Running) -> Vec<(String, String)> {
    let smtp = sandbox.smtp_addr();
    let storage = StorageAccount::for_tests();
    let seals = "stage:dGhpcnR5LXR3byBieXRlcyB0aGF0IHNlYWwgdGVzdHM=";
    let tokens = "stage:dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdCB0b2tlbnM=";
    [
        ("DATABASE_URL", database),
        ("ENCRYPTION_KEY", seals),
        ("JWT_SECRET_KEY", tokens),
        ("NEXT_PUBLIC_API_URL", "https://api.madrush.test"),
        ("STOREFRONT_URL", "https://shop.madrush.test"),
        // Two checks instead of seven: as many rows fewer to look at.
        ("PAYMENT_CHECK_SECONDS", "60,300"),
        ("PAYSTACK_SECRET_KEY", PAYSTACK_KEY),
        ("PAYSTACK_BASE_URL", &sandbox.paystack_url()),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "12345"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("TWILIO_BASE_URL", &sandbox.twilio_url()),
        ("STORAGE_BUCKET", &storage.bucket),
        ("STORAGE_ENDPOINT", &sandbox.storage_url()),
        ("STORAGE_PUBLIC_ENDPOINT", &sandbox.storage_url()),
        ("IMAGES_URL", &sandbox.images_url()),
        ("AWS_ACCESS_KEY_ID", &storage.access_key_id),
        (
            "AWS_SECRET_ACCESS_KEY",
            storage.secret_access_key.expose_secret(),
        ),
        ("SMTP_HOST", &smtp.ip().to_string()),
        ("SMTP_PORT", &smtp.port().to_string()),
        ("SMTP_TLS", "none"),
        ("SENDER_EMAIL", "orders@madrush.test"),
        ("SENDER_NAME", "MAD RUSH"),
        ("RUST_LOG", "info"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}
