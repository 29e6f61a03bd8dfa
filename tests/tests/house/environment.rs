//! Every function starts with the settings that the template gives it; that it is given no others is
//! shown in grants/settings.rs.

use std::time::Duration;

use runtime_api::Spawn;

use crate::built::binary;
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
        "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://localhost:4318",
        "OTEL_TRACES_SAMPLER_ARG" => "0.1",
        port if port.ends_with("_PORT") => "587",
        email if email.ends_with("_EMAIL") => "orders@madrush.test",
        url if url.ends_with("_URL") => "https://shop.madrush.test",
        host if host.ends_with("_HOST") => "127.0.0.1",
        _ => "believable",
    };
    value.to_owned()
}

/// What Lambda gives every function: its role's signature, and where it runs.
pub(crate) const OF_LAMBDA: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "ASIAZZZZZZZZZZZZZZZZ"),
    ("AWS_SECRET_ACCESS_KEY", "of-a-role"),
    ("AWS_SESSION_TOKEN", "of-an-hour"),
    ("AWS_REGION", "eu-west-1"),
];

/// The environment that the template and Lambda give a function, with its secrets in it.
pub(crate) fn environment(function: &Function) -> Vec<(String, String)> {
    let of_lambda = OF_LAMBDA.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables = function.environment.iter();
    variables
        .map(|(name, setting)| match setting {
            Setting::Literal(value) => (name.clone(), value.clone()),
            Setting::Secret(_) | Setting::Reference(_) => (name.clone(), believable(name)),
        })
        .chain(of_lambda)
        .collect()
}

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
