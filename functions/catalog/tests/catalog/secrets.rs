//! A function whose password is a secret: it comes late, it does not come, it is rotated.

use std::time::{Duration, Instant};

use runtime_api::{Function, Mood, Request, Response, SecretsExtension, Spawn};
use serde_json::json;
use url::Url;

use crate::shop::{LIST_PRODUCTS, Shop};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-catalog-AbCdEf";
/// The longest that a client waits for a refusal: 3 s for the secrets, and a busy machine.
const REFUSED_WITHIN: Duration = Duration::from_secs(6);

/// A role like the area's, of the test's own, with a password that can be changed.
struct Role {
    shop: Shop,
    name: String,
    extension: SecretsExtension,
}

impl Role {
    async fn with_password(password: &str) -> Self {
        let shop = Shop::stocked().await;
        let name = shop.db.role_like("catalog", password).await;
        let role = Self {
            shop,
            name,
            extension: SecretsExtension::start(),
        };
        role.keep_secret(password);
        role
    }

    /// As `migrate` does with what the secret says.
    async fn change_password(&self, password: &str) {
        let change = format!("ALTER ROLE {} PASSWORD '{password}'", self.name);
        self.shop.db.execute(&change).await;
    }

    fn keep_secret(&self, password: &str) {
        self.extension.put(SECRET, json!({ "password": password }));
    }

    /// Ends its sessions, as a restart of the server does.
    async fn end_sessions(&self) {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
            self.name
        );
        self.shop.db.execute(&end).await;
    }

    /// A function that is told where the password is, and not the password. It has no Redis, so that
    /// every answer comes from the database.
    fn start(&self) -> Function {
        let mut url: Url = self.shop.db.url_as("catalog").parse().unwrap();
        url.set_username(&self.name).unwrap();
        url.set_password(None).unwrap();
        Spawn::new(LIST_PRODUCTS)
            .env("DATABASE_URL", url)
            .env("DATABASE_PASSWORD_SECRET", format!("{SECRET}#password"))
            .env("REDIS_HOST", "127.0.0.1")
            .env("REDIS_PORT", "1")
            .envs(&self.extension.environment())
            .patience(Duration::from_secs(60))
            .start()
    }
}

async fn ask(function: &Function) -> Response {
    let request = Request::get("/api/products").route("/api/products");
    function.send(request).await
}

#[tokio::test]
async fn the_password_is_read_once_and_used() {
    let role = Role::with_password("first").await;
    let function = role.start();
    for _ in 0..3 {
        let answer = ask(&function).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(role.extension.asked(), 1);
}

#[tokio::test]
async fn while_no_secret_comes_every_request_is_refused_in_time_and_then_served() {
    for mood in [
        Mood::NotReady,
        Mood::Failing,
        Mood::Slow(Duration::from_secs(3_600)),
    ] {
        let role = Role::with_password("first").await;
        role.extension.behave(mood);
        let function = role.start();
        // The start itself is waited for by whoever asks first.
        ask(&function).await;
        for _ in 0..2 {
            let began = Instant::now();
            let answer = ask(&function).await;
            assert_eq!(answer.status, 503, "{}", answer.text());
            let kind = answer.header("content-type");
            assert_eq!(kind, Some("application/problem+json"));
            assert_eq!(answer.header("retry-after"), Some("2"));
            assert!(began.elapsed() < REFUSED_WITHIN, "{mood:?}");
        }
        role.extension.behave(Mood::Well);
        assert_eq!(ask(&function).await.status, 200, "{mood:?}");
    }
}

#[tokio::test]
async fn after_a_rotation_no_request_fails_and_the_secret_is_read_once_more() {
    let role = Role::with_password("first").await;
    let function = role.start();
    assert_eq!(ask(&function).await.status, 200);

    role.keep_secret("second");
    role.change_password("second").await;
    assert_eq!(ask(&function).await.status, 200, "its session goes on");
    assert_eq!(role.extension.asked(), 1);

    role.end_sessions().await;
    // A connection that was used just now is not asked whether it still lives.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for _ in 0..3 {
        let answer = ask(&function).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(role.extension.asked(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_503_and_does_not_become_a_load_on_the_extension() {
    let role = Role::with_password("first").await;
    role.change_password("another").await;
    let function = role.start();
    for _ in 0..5 {
        let answer = ask(&function).await;
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    assert_eq!(role.extension.asked(), 2, "at the start, and once more");

    // Whoever mends the database's side needs no new secret.
    role.change_password("first").await;
    assert_eq!(ask(&function).await.status, 200);
}
