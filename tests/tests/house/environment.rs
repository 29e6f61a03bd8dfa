//! The settings that the template gives a function are the ones that it starts with.

use std::path::PathBuf;
use std::time::Duration;

use cargo_metadata::MetadataCommand;
use runtime_api::Spawn;

use crate::root;
use crate::template::{Function, Setting, functions};

/// A believable value for a setting whose value the template does not hold.
fn believable(name: &str) -> String {
    let value = match name {
        "DATABASE_URL" => "postgres://shop:secret@127.0.0.1:1/shop",
        "JWT_SECRET_KEY" => "k1:BkA5HGv3cawyzVBYvHqoWpesiygR7qkKY7JCZ9qddjs=",
        "ENCRYPTION_KEY" => "k1:QzgiI5CT6JqC70WZVl5mwdPJW9gckPwXiOKnxEVThLg=",
        "PAYSTACK_SECRET_KEY" => "sk_test_0123456789abcdef0123456789abcdef01234567",
        "PAYSTACK_PREVIOUS_SECRET_KEY" => "sk_test_76543210fedcba9876543210fedcba9876543210",
        "TWILIO_ACCOUNT_SID" => "AC00000000000000000000000000000000",
        "TWILIO_PHONE_NUMBER" => "+15005550006",
        "SMTP_TLS" => "starttls",
        "LOG_LEVEL" => "info",
        port if port.ends_with("_PORT") => "587",
        email if email.ends_with("_EMAIL") => "orders@madrush.test",
        url if url.ends_with("_URL") => "https://shop.madrush.test",
        host if host.ends_with("_HOST") => "127.0.0.1",
        _ => "believable",
    };
    value.to_owned()
}

fn environment(function: &Function) -> Vec<(String, String)> {
    let variables = function.environment.iter();
    variables
        .map(|(name, setting)| match setting {
            Setting::Literal(value) => (name.clone(), value.clone()),
            Setting::Secret(_) | Setting::Reference(_) => (name.clone(), believable(name)),
        })
        .collect()
}

fn binary(function: &str) -> PathBuf {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec();
    let path = metadata
        .unwrap()
        .target_directory
        .join("debug")
        .join(function);
    assert!(
        path.exists(),
        "{function} is not built: cargo build --workspace"
    );
    path.into_std_path_buf()
}

/// Settings with a default, which a function starts without though it reads them.
const WITH_DEFAULT: [&str; 8] = [
    "LOG_LEVEL",
    "PAYSTACK_PREVIOUS_SECRET_KEY",
    "RABBITMQ_TLS",
    "RABBITMQ_VHOST",
    "REDIS_PASSWORD",
    "REDIS_TLS",
    "SENDER_NAME",
    "SMTP_TLS",
];

/// Whether the function starts; what it says if not.
async fn start(name: &str, environment: &[(String, String)]) -> Result<(), String> {
    let spawn = Spawn::new(binary(name))
        .envs(environment)
        .patience(Duration::from_secs(30));
    spawn
        .start()
        .started()
        .await
        .map(drop)
        .map_err(|error| error.message)
}

/// A function that lacks a setting ends at its start and names it. None of the addresses leads
/// anywhere, so this shows as well that a function starts without everything it will need.
#[tokio::test]
async fn every_function_starts_with_what_the_template_gives_it() {
    let mut problems = Vec::new();
    for (name, function) in functions() {
        problems.extend(start(&name, &environment(&function)).await.err());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test]
async fn no_function_is_given_a_setting_that_it_does_not_need() {
    let mut superfluous = Vec::new();
    for (name, function) in functions() {
        let given = environment(&function);
        for (setting, _) in given.iter().filter(|(setting, _)| !has_default(setting)) {
            let without: Vec<_> = given
                .iter()
                .filter(|(other, _)| other != setting)
                .cloned()
                .collect();
            if start(&name, &without).await.is_ok() {
                superfluous.push(format!("{name} does not need {setting}"));
            }
        }
    }
    assert!(superfluous.is_empty(), "{}", superfluous.join("\n"));
}

fn has_default(setting: &str) -> bool {
    setting.ends_with("_PORT") || WITH_DEFAULT.contains(&setting)
}
