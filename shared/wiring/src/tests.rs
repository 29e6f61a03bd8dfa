//! Secrets that come, come late, come wrong, and change.

use std::time::{Duration, Instant};

use runtime_api::{Mood, SecretsExtension};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use settings::Env;

use crate::extension::Extension;
use crate::reference::References;
use crate::source::Source;
use crate::{NotWired, StartError, Wiring};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/database-AbCdEf";

/// What a function knows of a stand-in: one setting, which is a secret.
fn source(extension: &SecretsExtension) -> Source {
    let given = |name: &str| {
        let environment = extension.environment().into_iter();
        environment
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value)
            .collect::<String>()
    };
    let variables = [(
        "WIRED_PASSWORD_SECRET".to_owned(),
        format!("{SECRET}#password"),
    )];
    Source {
        references: References::among(variables.into_iter()),
        extension: Extension {
            port: given("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT")
                .parse()
                .unwrap(),
            token: SecretString::from(given("AWS_SESSION_TOKEN")),
        },
    }
}

fn wire(env: &mut Env) -> Option<String> {
    Some(env.secret("WIRED_PASSWORD").expose_secret().to_owned())
}

fn extension_with(password: &str) -> SecretsExtension {
    let extension = SecretsExtension::start();
    extension.put(SECRET, json!({ "password": password, "port": 5432 }));
    extension
}

#[test]
fn only_what_has_the_form_of_a_reference_is_one() {
    let variables = [
        ("DATABASE_PASSWORD_SECRET", "arn:aws:x:secret:a-1#password"),
        ("JWT_SECRET_KEY_SECRET", "shop/keys#jwt"),
        ("CLIENT_SECRET", "a plain value"),
        ("_SECRET", "shop/keys#jwt"),
        ("EMPTY_SECRET", "#"),
        ("HOST", "a#b"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let references = References::among(variables.into_iter());
    let secrets: Vec<_> = references.secrets().into_iter().collect();
    assert_eq!(secrets, ["arn:aws:x:secret:a-1", "shop/keys"]);
}

#[tokio::test]
async fn a_secret_is_read_at_start_and_asked_for_once() {
    let extension = extension_with("first");
    let wired = Wiring::over(source(&extension), wire).await.unwrap();
    assert_eq!(wired.get().await.unwrap(), "first");
    assert_eq!(wired.get().await.unwrap(), "first");
    assert_eq!(extension.asked(), 1);
}

#[tokio::test]
async fn an_extension_that_is_still_starting_is_waited_for() {
    let extension = extension_with("first");
    extension.behave(Mood::NotReady);
    let ready = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        extension.behave(Mood::Well);
    };
    let wired = Wiring::over(source(&extension), wire).await.unwrap();
    let (first, ()) = tokio::join!(wired.get(), ready);
    assert_eq!(first.unwrap(), "first");
}

#[tokio::test]
async fn an_order_is_carried_out_with_the_secret_of_now() {
    let extension = extension_with("first");
    let wired = Wiring::over(source(&extension), wire).await.unwrap();
    assert_eq!(wired.anew().await.unwrap(), "first");
    extension.put(SECRET, json!({ "password": "second" }));
    assert_eq!(
        wired.get().await.unwrap(),
        "first",
        "a request needs no reading"
    );
    assert_eq!(wired.anew().await.unwrap(), "second");
    assert_eq!(wired.get().await.unwrap(), "second");
}

/// As far as anybody knows it may become ready only with the first invocation.
#[tokio::test]
async fn a_start_does_not_wait_long_for_an_extension_that_is_not_ready_and_a_request_does() {
    let extension = extension_with("first");
    extension.behave(Mood::NotReady);
    let wired = Wiring::over(source(&extension), wire).await.unwrap();
    let asked_at_start = extension.asked();
    let ready = async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        extension.behave(Mood::Well);
    };
    let (wired, ()) = tokio::join!(wired.get(), ready);
    assert_eq!(wired.unwrap(), "first");
    // Each attempt is followed by a pause of 50 ms.
    assert!((1..=3).contains(&asked_at_start), "{asked_at_start}");
}

/// Both bounds are 3 s; what is asserted is that there is one.
#[tokio::test]
async fn without_an_answer_a_function_starts_all_the_same_and_recovers_later() {
    let extension = extension_with("first");
    for mood in [Mood::Slow(Duration::from_secs(3_600)), Mood::Failing] {
        extension.behave(mood);
        let began = Instant::now();
        let wired = Wiring::over(source(&extension), wire).await.unwrap();
        let refusal = wired.get().await.unwrap_err();
        assert!(matches!(refusal, NotWired::Secrets(_)), "{refusal}");
        assert!(refusal.to_string().contains(SECRET), "{refusal}");
        assert!(began.elapsed() < Duration::from_secs(60));
        extension.behave(Mood::Well);
        assert_eq!(wired.get().await.unwrap(), "first");
    }
}

#[tokio::test]
async fn a_key_that_the_secret_does_not_have_is_a_setting_that_is_missing() {
    let extension = SecretsExtension::start();
    extension.put(SECRET, json!({ "passwort": "first" }));
    let error = Wiring::over(source(&extension), wire).await.unwrap_err();
    assert!(matches!(&error, StartError::Settings(_)), "{error}");
    assert!(error.to_string().contains("WIRED_PASSWORD is missing"));
    assert!(!error.to_string().contains("first"));
}

/// One test for all of it: what was refused is noted for the whole process.
#[tokio::test]
async fn a_refused_credential_is_read_once_more_and_only_a_new_one_is_used() {
    let extension = extension_with("first");
    let wired = Wiring::over(source(&extension), wire).await.unwrap();
    assert_eq!(wired.renewed().await, None);
    assert_eq!(extension.asked(), 1, "nothing was refused");

    extension.put(SECRET, json!({ "password": "second" }));
    settings::refused("WIRED_PASSWORD");
    assert_eq!(wired.renewed().await.as_deref(), Some("second"));
    assert_eq!(wired.get().await.unwrap(), "second");
    assert_eq!(extension.asked(), 2);

    // Another version of the secret that cannot be used leaves the one before in its place.
    extension.put(SECRET, json!({ "password": "" }));
    settings::refused("WIRED_PASSWORD");
    assert_eq!(wired.renewed().await, None);
    assert_eq!(wired.get().await.unwrap(), "second");
    assert_eq!(extension.asked(), 3);

    // Refused again without having changed: read once, then left alone for a while.
    extension.put(SECRET, json!({ "password": "second" }));
    for _ in 0..5 {
        settings::refused("WIRED_PASSWORD");
        settings::unknown_to("WIRED_PASSWORD");
        assert_eq!(wired.renewed().await, None);
    }
    assert_eq!(extension.asked(), 4);
}
