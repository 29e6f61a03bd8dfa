//! The shop's settings in development: from the environment, else from `.env`, else built in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use services::Plan;

use crate::secrets;
use crate::workspace::Workspace;

/// What a setting is in development when nobody gives it.
enum Default {
    /// This, with the ports of [`Ports`] put in for `{api}`, `{sandbox}` and `{smtp}`.
    Value(&'static str),
    /// The private instance's address.
    Private(&'static str),
    /// A secret made once and kept in `target/dev`.
    Made,
    /// Nothing.
    Absent(&'static str),
}

use Default::{Absent, Made, Private, Value};

struct Setting {
    name: &'static str,
    default: Default,
    about: &'static str,
}

const fn setting(name: &'static str, default: Default, about: &'static str) -> Setting {
    Setting {
        name,
        default,
        about,
    }
}

/// Every setting of the shop and of `cargo dev`, in the order of `.env.example`.
const SETTINGS: [Setting; 52] = [
    setting(
        "DATABASE_URL",
        Private("postgres://madrush:madrush@127.0.0.1:9432/madrush"),
        "Postgres 15 or newer. Given: used as it is, and no private Postgres is started.",
    ),
    setting(
        "DATABASE_CONNECTIONS",
        Value("1"),
        "Connections of one function instance.",
    ),
    setting(
        "REDIS_HOST",
        Private("127.0.0.1"),
        "Redis. Given: used as it is, and no private Redis is started.",
    ),
    setting("REDIS_PORT", Private("9379"), "Redis' port."),
    setting("REDIS_DB", Value("0"), "Redis' database number."),
    setting(
        "REDIS_PASSWORD",
        Absent(""),
        "Redis' password, if it asks for one.",
    ),
    setting("REDIS_TLS", Value("false"), "true to speak TLS with Redis."),
    setting(
        "REDIS_PREFIX",
        Value("madrush"),
        "What every key begins with, where several shops share a Redis.",
    ),
    setting(
        "RABBITMQ_HOST",
        Private("127.0.0.1"),
        "RabbitMQ. Given: used as it is, and no private RabbitMQ is started.",
    ),
    setting(
        "RABBITMQ_PORT",
        Private("9672"),
        "RabbitMQ's AMQP port (default 5672, with TLS 5671).",
    ),
    setting("RABBITMQ_USER", Value("guest"), "RabbitMQ's user."),
    setting("RABBITMQ_PASSWORD", Value("guest"), "That user's password."),
    setting("RABBITMQ_VHOST", Value("/"), "RabbitMQ's virtual host."),
    setting(
        "RABBITMQ_TLS",
        Value("false"),
        "true to speak TLS with RabbitMQ; Amazon MQ accepts nothing else.",
    ),
    setting(
        "RABBITMQ_MANAGEMENT_PORT",
        Private("9673"),
        "RabbitMQ's management API, which only tests use.",
    ),
    setting(
        "PAYSTACK_SECRET_KEY",
        Value("sk_test_madrush_development"),
        "Paystack's secret key; it also signs webhooks.",
    ),
    setting(
        "PAYSTACK_PREVIOUS_SECRET_KEY",
        Absent(""),
        "The former key while keys are being changed: webhooks signed with it still count.",
    ),
    setting(
        "PAYSTACK_PUBLIC_KEY",
        Value("pk_test_madrush_development"),
        "Paystack's public key, for storefronts.",
    ),
    setting(
        "PAYSTACK_BASE_URL",
        Value("http://127.0.0.1:{sandbox}/paystack"),
        "Paystack's API; in production https://api.paystack.co.",
    ),
    setting(
        "SMTP_HOST",
        Value("127.0.0.1"),
        "The server that takes e-mail.",
    ),
    setting("SMTP_PORT", Value("{smtp}"), "Its port."),
    setting("SMTP_USERNAME", Absent(""), "Its user, if it asks for one."),
    setting("SMTP_PASSWORD", Absent(""), "That user's password."),
    setting("SMTP_TLS", Value("none"), "starttls, implicit or none."),
    setting(
        "SENDER_EMAIL",
        Value("orders@madrush.example"),
        "Whom e-mail comes from.",
    ),
    setting(
        "SENDER_NAME",
        Value("MAD RUSH"),
        "The shop's name in e-mail and on the payment page.",
    ),
    setting(
        "TWILIO_ACCOUNT_SID",
        Value("AC00000000000000000000000000000000"),
        "Twilio's account: AC and 32 hexadecimal digits.",
    ),
    setting(
        "TWILIO_AUTH_TOKEN",
        Value("madrush-development-token"),
        "Twilio's token; it also signs callbacks.",
    ),
    setting(
        "TWILIO_PHONE_NUMBER",
        Value("+15005550006"),
        "The number that SMS come from.",
    ),
    setting(
        "TWILIO_BASE_URL",
        Value("http://127.0.0.1:{sandbox}/twilio"),
        "Twilio's API; in production https://api.twilio.com.",
    ),
    setting(
        "JWT_SECRET_KEY",
        Made,
        "Signs access tokens: <id>:<base64 of 32 bytes>, comma-separated; the first signs, all verify.",
    ),
    setting(
        "ENCRYPTION_KEY",
        Made,
        "Encrypts personal data: <id>:<base64 of 32 bytes>, comma-separated; the first encrypts, all decrypt.",
    ),
    setting(
        "NEXT_PUBLIC_API_URL",
        Value("http://localhost:{api}"),
        "The API's public address, without a path.",
    ),
    setting(
        "VITE_ADMIN_API_URL",
        Value("http://localhost:{api}/api/admin"),
        "The admin panel's API.",
    ),
    setting(
        "VITE_PRODUCT_API_URL",
        Value("http://localhost:{api}/api"),
        "The storefront's API.",
    ),
    setting(
        "ALLOWED_ORIGINS",
        Value("http://localhost:3000,http://localhost:5173"),
        "Web pages that may call the API, comma-separated origins.",
    ),
    setting(
        "STOREFRONT_URL",
        Value("http://localhost:{sandbox}/storefront"),
        "Where customers are sent after paying.",
    ),
    setting(
        "SHOP_NAME",
        Value("MAD RUSH"),
        "The shop's name in what customers read.",
    ),
    setting(
        "STAFF_EMAIL",
        Value("staff@madrush.example"),
        "Who is told when somebody has to act.",
    ),
    setting(
        "RESERVATION_SECONDS",
        Value("1800"),
        "How long an unpaid order holds its stock; at least 900.",
    ),
    setting(
        "PAYMENT_CHECK_SECONDS",
        Absent("60,300,900"),
        "When an open payment is asked for, in seconds after its start; by default more often than shown.",
    ),
    setting(
        "RELAY_DRAIN_SECONDS",
        Value("50"),
        "How long one run of relay-outbox publishes.",
    ),
    setting(
        "DEV_API_PORT",
        Value("9000"),
        "cargo dev only: the port of cargo lambda watch.",
    ),
    setting(
        "DEV_SANDBOX_PORT",
        Value("9100"),
        "cargo dev only: the stand-ins' HTTP port.",
    ),
    setting(
        "DEV_SMTP_PORT",
        Value("9125"),
        "cargo dev only: the stand-ins' SMTP port.",
    ),
    setting(
        "DEV_POSTGRES_PORT",
        Value("9432"),
        "cargo dev only: the private Postgres' port.",
    ),
    setting(
        "DEV_REDIS_PORT",
        Value("9379"),
        "cargo dev only: the private Redis' port.",
    ),
    setting(
        "DEV_RABBITMQ_PORT",
        Value("9672"),
        "cargo dev only: the private RabbitMQ's port; the three after it are used as well.",
    ),
    setting(
        "LOG_LEVEL",
        Value("info"),
        "What functions log: error, warn, info, debug, trace, or a list such as info,sqlx=debug.",
    ),
    setting(
        "METRICS",
        Value("none"),
        "emf writes what was measured as CloudWatch's embedded metric format, one line an invocation; or none.",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Absent("http://localhost:4318"),
        "A collector of traces (OTLP over plain HTTP); without it there are no traces.",
    ),
    setting(
        "OTEL_TRACES_SAMPLER_ARG",
        Value("1"),
        "Which part of the traces is recorded, 0 to 1.",
    ),
];

/// The settings, complete.
#[derive(Clone)]
pub(crate) struct Settings {
    given: BTreeMap<String, String>,
    values: BTreeMap<String, String>,
    plan: Plan,
}

/// The ports that `cargo dev` itself listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) sandbox: u16,
    pub(crate) smtp: u16,
}

impl Settings {
    pub(crate) fn load(workspace: &Workspace) -> anyhow::Result<Self> {
        let given = given(workspace)?;
        let lookup = |name: &str| given.get(name).cloned();
        let plan = Plan::read(workspace.root.clone(), lookup)?;
        let made = secrets::load_or_make(&workspace.dev_folder()?)?;
        let mut settings = Self {
            given,
            values: made,
            plan,
        };
        settings.fill_in()?;
        Ok(settings)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A setting's value, given or not.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        let port = |name| {
            let value = self.get(name).unwrap_or_default();
            value
                .parse::<u16>()
                .with_context(|| format!("{name} must be a port number"))
        };
        Ok(Ports {
            api: port("DEV_API_PORT")?,
            sandbox: port("DEV_SANDBOX_PORT")?,
            smtp: port("DEV_SMTP_PORT")?,
        })
    }

    /// All of them, for a child's environment.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `KEY=VALUE` lines that a shell can read: quoted where need be.
    pub(crate) fn as_lines(&self) -> String {
        self.pairs()
            .fold(String::new(), |mut lines, (name, value)| {
                let _ = writeln!(lines, "{name}={}", quoted(value));
                lines
            })
    }

    /// Reads a crate's settings from these.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut settings::Env) -> T) -> anyhow::Result<T> {
        let values = self.values.clone();
        Ok(settings::read_from(
            move |name| values.get(name).cloned(),
            read,
        )?)
    }

    fn fill_in(&mut self) -> anyhow::Result<()> {
        for Setting { name, default, .. } in &SETTINGS {
            if let Some(given) = self.given.get(*name) {
                self.values.insert((*name).to_owned(), given.clone());
            } else if let Value(value) = default {
                self.values.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        self.values.extend(
            self.plan
                .addresses()
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v)),
        );
        let Ports { api, sandbox, smtp } = self.ports()?;
        for value in self.values.values_mut() {
            *value = value
                .replace("{api}", &api.to_string())
                .replace("{sandbox}", &sandbox.to_string())
                .replace("{smtp}", &smtp.to_string());
        }
        Ok(())
    }
}

/// What the environment and `.env` say, of the settings that are known; an empty value is none.
fn given(workspace: &Workspace) -> anyhow::Result<BTreeMap<String, String>> {
    let file = workspace.root.join(".env");
    let mut given = BTreeMap::new();
    if file.exists() {
        for pair in dotenvy::from_path_iter(&file).context(".env cannot be read")? {
            // The line itself stays out of the message: it may be a secret.
            let (name, value) =
                pair.map_err(|_| anyhow::anyhow!(".env has a line that is not KEY=VALUE"))?;
            given.insert(name, value);
        }
    }
    given.extend(std::env::vars());
    given.retain(|name, value| {
        !value.trim().is_empty() && SETTINGS.iter().any(|setting| setting.name == name)
    });
    Ok(given)
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=,%".contains(c);
    if value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// The text of `.env.example`.
pub(crate) fn example() -> String {
    let mut text = String::from(
        "# The shop's settings. Copy this file to .env and uncomment what is to differ: in development every\n\
         # setting has the value shown, or none. On AWS template.yaml gives them. The environment wins over .env.\n",
    );
    for Setting {
        name,
        default,
        about,
    } in &SETTINGS
    {
        let value = match default {
            Value(value) | Private(value) | Absent(value) => value,
            Made => "(made once, kept in target/dev/secrets)",
        };
        let value = value
            .replace("{api}", "9000")
            .replace("{sandbox}", "9100")
            .replace("{smtp}", "9125");
        let _ = write!(text, "\n# {about}\n#{name}={value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_example_is_what_the_code_says() {
        let file = Workspace::find().root.join(".env.example");
        let committed = std::fs::read_to_string(file).unwrap();
        assert_eq!(
            committed,
            example(),
            "cargo dev env --example > .env.example"
        );
    }

    #[test]
    fn a_value_that_a_shell_would_split_is_quoted() {
        assert_eq!(quoted("postgres://a:b@c:1/d"), "postgres://a:b@c:1/d");
        assert_eq!(quoted("MAD RUSH"), "'MAD RUSH'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
