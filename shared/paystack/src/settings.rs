use secrecy::{ExposeSecret, SecretString};
use settings::Env;
use url::Url;

const REAL_BASE_URL: &str = "https://api.paystack.co";

/// Whether money is real. The key decides it: Paystack has one address for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keys that begin with `sk_test_`; nothing is charged.
    Test,
    /// Keys that begin with `sk_live_`.
    Live,
}

impl Mode {
    /// The mode in Paystack's own words (`data.domain`): `test` or `live`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    pub(crate) fn from_domain(domain: &str) -> Option<Self> {
        match domain {
            "test" => Some(Self::Test),
            "live" => Some(Self::Live),
            _ => None,
        }
    }

    fn from_key(key: &str, kind: &str) -> Option<Self> {
        let rest = key.strip_prefix(kind)?;
        let (mode, secret) = match rest.strip_prefix("_test_") {
            Some(secret) => (Self::Test, secret),
            None => (Self::Live, rest.strip_prefix("_live_")?),
        };
        let plain = secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (!secret.is_empty() && plain).then_some(mode)
    }
}

/// What this crate needs to be told. The keys do not print.
#[derive(Debug, Clone)]
pub struct PaystackSettings {
    /// `PAYSTACK_SECRET_KEY`: authorises calls.
    pub secret_key: SecretString,
    /// `PAYSTACK_PUBLIC_KEY`: for the browser's checkout only; it cannot call the API.
    pub public_key: Option<String>,
    /// `PAYSTACK_BASE_URL`: the real API unless a stand-in is meant.
    pub base_url: Url,
    /// Test or live, as the secret key says.
    pub mode: Mode,
}

impl PaystackSettings {
    /// Reads the settings; what is missing, malformed or contradictory is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let (secret_key, mode) = secret_key(env);
        let public_key = env.optional("PAYSTACK_PUBLIC_KEY");
        require_same_mode(
            env,
            "PAYSTACK_PUBLIC_KEY",
            public_key.as_deref(),
            "pk",
            mode,
        );
        Self {
            base_url: base_url(env, mode),
            secret_key,
            public_key,
            mode: mode.unwrap_or(Mode::Test),
        }
    }

    /// Whether the base address is Paystack's own, not a stand-in's.
    pub(crate) fn is_real(&self) -> bool {
        self.base_url.scheme() == "https" && self.base_url.host_str() == Some("api.paystack.co")
    }
}

/// The keys that webhooks are signed with. They do not print.
///
/// Read apart from [`PaystackSettings`]: who only receives webhooks calls nobody, and needs no address.
#[derive(Debug, Clone)]
pub struct WebhookKeys {
    /// `PAYSTACK_SECRET_KEY`: Paystack signs with the key that also authorises calls.
    pub current: SecretString,
    /// `PAYSTACK_PREVIOUS_SECRET_KEY`: still counts while a new key takes over.
    pub previous: Option<SecretString>,
}

impl WebhookKeys {
    /// Reads the keys; what is missing, malformed or contradictory is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let (current, mode) = secret_key(env);
        let previous = env.optional("PAYSTACK_PREVIOUS_SECRET_KEY");
        require_same_mode(
            env,
            "PAYSTACK_PREVIOUS_SECRET_KEY",
            previous.as_deref(),
            "sk",
            mode,
        );
        Self {
            current,
            previous: previous.map(SecretString::from),
        }
    }
}

fn secret_key(env: &mut Env) -> (SecretString, Option<Mode>) {
    let key = env.secret("PAYSTACK_SECRET_KEY");
    let mode = mode_of(env, "PAYSTACK_SECRET_KEY", key.expose_secret(), "sk");
    (key, mode)
}

fn mode_of(env: &mut Env, name: &'static str, key: &str, kind: &str) -> Option<Mode> {
    let mode = Mode::from_key(key, kind);
    if mode.is_none() {
        env.problem(
            name,
            &format!("must begin with {kind}_test_ or {kind}_live_"),
        );
    }
    mode
}

fn require_same_mode(
    env: &mut Env,
    name: &'static str,
    key: Option<&str>,
    kind: &str,
    expected: Option<Mode>,
) {
    let Some(key) = key else { return };
    let mode = mode_of(env, name, key, kind);
    if mode.is_some() && expected.is_some() && mode != expected {
        env.problem(
            name,
            "is of another mode (test or live) than PAYSTACK_SECRET_KEY",
        );
    }
}

fn base_url(env: &mut Env, mode: Option<Mode>) -> Url {
    let url = env
        .or("PAYSTACK_BASE_URL", REAL_BASE_URL)
        .parse::<Url>()
        .ok()
        .filter(is_plain_base);
    if url.is_none() {
        env.problem(
            "PAYSTACK_BASE_URL",
            "must be an http or https address without query",
        );
    }
    // A live key in clear text could be read by anyone on the way.
    if mode == Some(Mode::Live) && url.as_ref().is_some_and(|url| url.scheme() != "https") {
        env.problem("PAYSTACK_BASE_URL", "must be https with a live key");
    }
    url.unwrap_or_else(placeholder)
}

fn is_plain_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[expect(clippy::expect_used, reason = "a constant address, parsed by a test")]
fn placeholder() -> Url {
    REAL_BASE_URL
        .parse()
        .expect("the real address is well formed")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<PaystackSettings, Vec<&'static str>> {
        read_as(pairs, PaystackSettings::read)
    }

    fn read_as<T>(
        pairs: &[(&str, &str)],
        read: impl FnOnce(&mut Env) -> T,
    ) -> Result<T, Vec<&'static str>> {
        let pairs: HashMap<String, String> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        settings::read_from(move |name| pairs.get(name).cloned(), read)
            .map_err(|error| error.names().collect())
    }

    #[test]
    fn the_key_decides_the_mode_and_the_real_address_is_the_default() {
        let settings = read(&[("PAYSTACK_SECRET_KEY", "sk_live_abc123")]).unwrap();
        assert_eq!(settings.mode, Mode::Live);
        assert!(settings.is_real());
        let settings = read(&[
            ("PAYSTACK_SECRET_KEY", "sk_test_abc123"),
            ("PAYSTACK_PUBLIC_KEY", "pk_test_abc"),
            ("PAYSTACK_BASE_URL", "http://127.0.0.1:9100/paystack"),
        ])
        .unwrap();
        assert_eq!(settings.mode, Mode::Test);
        assert!(!settings.is_real());
    }

    #[test]
    fn keys_that_cannot_be_keys_are_named() {
        for key in [
            "",
            "sk_test_",
            "pk_test_abc",
            "sk_prod_abc",
            "sk_test_a b",
            "sk_test_ä",
        ] {
            assert_eq!(
                read(&[("PAYSTACK_SECRET_KEY", key)]).unwrap_err(),
                ["PAYSTACK_SECRET_KEY"]
            );
        }
    }

    #[test]
    fn keys_of_two_modes_do_not_go_together() {
        let keys = [
            ("PAYSTACK_SECRET_KEY", "sk_live_abc"),
            ("PAYSTACK_PREVIOUS_SECRET_KEY", "sk_test_abc"),
            ("PAYSTACK_PUBLIC_KEY", "pk_test_abc"),
        ];
        assert_eq!(read(&keys).unwrap_err(), ["PAYSTACK_PUBLIC_KEY"]);
        let names = read_as(&keys, WebhookKeys::read).unwrap_err();
        assert_eq!(names, ["PAYSTACK_PREVIOUS_SECRET_KEY"]);
    }

    #[test]
    fn a_live_key_never_travels_in_clear_text() {
        let names = read(&[
            ("PAYSTACK_SECRET_KEY", "sk_live_abc"),
            ("PAYSTACK_BASE_URL", "http://api.paystack.co"),
        ])
        .unwrap_err();
        assert_eq!(names, ["PAYSTACK_BASE_URL"]);
    }

    #[test]
    fn addresses_that_cannot_be_a_base_are_named() {
        for url in [
            "api.paystack.co",
            "ftp://x",
            "https://u:p@x",
            "https://x/?q=1",
            "https://x/#f",
        ] {
            let names = read(&[
                ("PAYSTACK_SECRET_KEY", "sk_test_abc"),
                ("PAYSTACK_BASE_URL", url),
            ])
            .unwrap_err();
            assert_eq!(names, ["PAYSTACK_BASE_URL"], "{url}");
        }
    }

    #[test]
    fn settings_do_not_print_their_keys() {
        let key = [("PAYSTACK_SECRET_KEY", "sk_test_verysecret")];
        let settings = read(&key).unwrap();
        assert!(!format!("{settings:?}").contains("verysecret"));
        let keys = read_as(&key, WebhookKeys::read).unwrap();
        assert!(!format!("{keys:?}").contains("verysecret"));
    }
}
