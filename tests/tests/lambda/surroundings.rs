//! The variables that a function gets on AWS: the template's, with believable values, and Lambda's.
//!
//! Secrets come as on AWS: the variable holds a reference, and a stand-in of the Parameters and
//! Secrets extension has the value.

use std::collections::BTreeMap;

use cache::CacheSettings;
use messaging::RabbitSettings;
use package::{Deployed, Setting};
use runtime_api::SecretsExtension;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use shop_tests::Vhost;
use stage::Stage;
use url::Url;
use uuid::Uuid;

use crate::certified::{self, CertifiedDatabase};
use crate::code;

/// What every function has from Lambda beside what `runtime_api` gives (AWS, "Defined runtime
/// environment variables"; a logging configuration of JSON sets the last).
const OF_LAMBDA: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "ASIAZZZZZZZZZZZZZZZZ"),
    ("AWS_SECRET_ACCESS_KEY", "of-a-role-that-may-do-nothing"),
    (
        "LD_LIBRARY_PATH",
        "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    ),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
];

/// How a stack's ARN of a secret looks, up to its name.
const SECRETS: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

/// Every function as template.yaml has it.
pub(crate) fn deployed() -> BTreeMap<String, Deployed> {
    let template = std::fs::read_to_string(code::root().join("template.yaml"));
    package::deployed(&template.expect("template.yaml")).expect("the template is understood")
}

/// What the stack and its secrets know here.
pub(crate) struct Values {
    by_setting: BTreeMap<String, String>,
}

impl Values {
    /// Of a stage; with a broker's virtual host, if the function talks to one.
    pub(crate) fn of(stage: &Stage, function: &str, vhost: Option<&Vhost>) -> Self {
        let mut by_setting: BTreeMap<String, String> =
            stage.settings(function).into_iter().collect();
        let login: Url = by_setting["DATABASE_URL"].parse().expect("an address");
        let password = login.password().unwrap_or_default().to_owned();
        // `migrate` gives the areas' roles their passwords. Roles are the whole server's: these are
        // the passwords that they have for everybody.
        let of_a_role: Url = stage
            .settings("health")
            .into_iter()
            .collect::<BTreeMap<_, _>>()["DATABASE_URL"]
            .parse()
            .expect("an address");
        for area in [
            "CATALOG",
            "INVENTORY",
            "ORDERS",
            "PAYMENTS",
            "NOTIFICATIONS",
            "OPERATIONS",
        ] {
            let name = format!("{area}_DATABASE_PASSWORD");
            by_setting.insert(name, of_a_role.password().unwrap_or_default().to_owned());
        }
        let more = [
            ("DATABASE_PASSWORD", password.as_str()),
            ("LOG_LEVEL", "info"),
            ("PAYSTACK_PREVIOUS_SECRET_KEY", ""),
            ("SHOP_NAME", "MAD RUSH"),
            ("SMTP_USERNAME", "AKIASMTPUSER"),
            ("SMTP_PASSWORD", "smtp-password"),
        ];
        by_setting.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        by_setting.extend(of_the_cache());
        by_setting.extend(
            vhost
                .into_iter()
                .flat_map(|vhost| of_the_broker(&vhost.settings)),
        );
        Self { by_setting }
    }

    fn get(&self, setting: &str) -> Option<&str> {
        self.by_setting.get(setting).map(String::as_str)
    }
}

fn of_the_cache() -> Vec<(String, String)> {
    let redis = settings::read(CacheSettings::read).expect("run these tests with `cargo dev test`");
    let mut values = vec![
        ("REDIS_HOST", redis.host.clone()),
        ("REDIS_PORT", redis.port.to_string()),
        ("REDIS_DB", redis.db.to_string()),
        ("REDIS_PREFIX", format!("lambda-{}", Uuid::new_v4())),
        ("REDIS_TLS", redis.tls.to_string()),
    ];
    let password = redis
        .password
        .as_ref()
        .map(|password| password.expose_secret().to_owned());
    values.push(("REDIS_PASSWORD", password.unwrap_or_default()));
    named(values)
}

fn of_the_broker(rabbit: &RabbitSettings) -> Vec<(String, String)> {
    named(vec![
        ("RABBITMQ_HOST", rabbit.host.clone()),
        ("RABBITMQ_PORT", rabbit.port.to_string()),
        ("RABBITMQ_USER", rabbit.user.clone()),
        (
            "RABBITMQ_PASSWORD",
            rabbit.password.expose_secret().to_owned(),
        ),
        ("RABBITMQ_VHOST", rabbit.vhost.clone()),
        ("RABBITMQ_TLS", rabbit.tls.to_string()),
    ])
}

fn named(values: Vec<(&str, String)>) -> Vec<(String, String)> {
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Settings that the template leaves at their defaults, because AWS is where they lead. Here they
/// have to lead to the stand-ins, and to a corner of the servers that is this test's own. Each comes
/// only to a function that has the setting which says that it uses the thing.
const HERE: [(&str, &[&str]); 6] = [
    (
        "PAYSTACK_SECRET_KEY",
        &["PAYSTACK_BASE_URL", "PAYMENT_CHECK_SECONDS"],
    ),
    ("TWILIO_AUTH_TOKEN", &["TWILIO_BASE_URL"]),
    ("REDIS_HOST", &["REDIS_PORT", "REDIS_DB", "REDIS_PREFIX"]),
    ("RABBITMQ_HOST", &["RABBITMQ_PORT", "RABBITMQ_VHOST"]),
    ("SMTP_HOST", &[]),
    (
        "STORAGE_BUCKET",
        &["STORAGE_ENDPOINT", "STORAGE_PUBLIC_ENDPOINT"],
    ),
];

/// Literals of the template that are not so here: the servers of development speak no TLS.
const NOT_HERE: [&str; 2] = ["REDIS_TLS", "RABBITMQ_TLS"];

/// A function's variables, and the extension that knows its secrets.
pub(crate) fn variables(
    deployed: &Deployed,
    values: &Values,
    database: &CertifiedDatabase,
) -> (Vec<(String, String)>, SecretsExtension) {
    let extension = SecretsExtension::start();
    let mut secrets: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    for (name, setting) in &deployed.environment {
        let value = match (name.strip_suffix("_SECRET"), setting) {
            (Some(setting), Setting::Composed(place)) => {
                let value = values
                    .get(setting)
                    .unwrap_or_else(|| panic!("a believable {setting}"));
                Some(keep(&mut secrets, place, value))
            }
            (None, Setting::Composed(composed)) if name == "DATABASE_URL" => {
                let there = values.get(name).expect("an address");
                Some(address(composed, there, database))
            }
            (_, setting) => plain(name, setting, values),
        };
        variables.extend(value.map(|value| (name.clone(), value)));
    }
    for (secret, content) in secrets {
        extension.put(&secret, Value::Object(content));
    }
    variables.extend(here(deployed, values));
    // The stand-in of the bucket checks signatures, as the bucket does.
    let of_lambda = OF_LAMBDA.map(|(name, value)| {
        let known = values
            .get(name)
            .filter(|_| deployed.environment.contains_key("STORAGE_BUCKET"));
        (name, known.unwrap_or(value).to_owned())
    });
    variables.extend(named(of_lambda.to_vec()));
    variables.extend(extension.environment());
    (variables, extension)
}

/// Puts a value where the template says that it lies: `${PaystackSecretArn}#secret_key`.
fn keep(secrets: &mut BTreeMap<String, Map<String, Value>>, place: &str, value: &str) -> String {
    let (secret, key) = place.split_once('#').expect("a secret and a key in it");
    let name: String = secret
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let arn = format!("{SECRETS}{name}-AbCdEf");
    let content = secrets.entry(arn.clone()).or_default();
    content.insert(key.to_owned(), value.into());
    format!("{arn}#{key}")
}

/// None where the default parameters of the template give the variable no value.
fn plain(name: &str, setting: &Setting, values: &Values) -> Option<String> {
    match setting {
        Setting::Conditional => None,
        Setting::Literal(_) if NOT_HERE.contains(&name) => values.get(name).map(str::to_owned),
        Setting::Literal(value) => Some(value.clone()),
        Setting::Composed(_) => {
            let value = values
                .get(name)
                .unwrap_or_else(|| panic!("a believable {name}"));
            Some(value.to_owned())
        }
    }
}

/// The template's role at this stage's database, through TLS, without its password, which is a secret.
/// The query is that of the address in infrastructure/data.yaml.
fn address(composed: &str, there: &str, database: &CertifiedDatabase) -> String {
    let mut address: Url = there.parse().expect("an address");
    let role = composed
        .strip_prefix("postgres://")
        .and_then(|rest| rest.split_once('@'));
    let (role, _) = role.expect("postgres://<role>@<address>");
    if role.starts_with("madrush_") {
        assert_eq!(address.username(), role, "the area's own role");
    }
    address
        .set_password(None)
        .expect("an address may lack a password");
    address.set_host(Some(certified::NAME)).expect("a host");
    address.set_port(Some(database.port)).expect("a port");
    let root = database.certificates.display();
    address.set_query(Some(&format!("sslmode=verify-full&sslrootcert={root}")));
    address.into()
}

fn here(deployed: &Deployed, values: &Values) -> Vec<(String, String)> {
    let has = |setting: &str| {
        let secret = format!("{setting}_SECRET");
        deployed.environment.contains_key(setting) || deployed.environment.contains_key(&secret)
    };
    let wanted = HERE
        .iter()
        .filter(|(of, _)| has(of))
        .flat_map(|(_, names)| *names);
    let missing = wanted.filter(|name| !has(name));
    missing
        .filter_map(|name| Some(((*name).to_owned(), values.get(name)?.to_owned())))
        .collect()
}
