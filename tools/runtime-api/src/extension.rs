//! A stand-in of AWS's Parameters and Secrets extension.
//!
//! Paths, headers and shapes: AWS Secrets Manager, "Use Secrets Manager secrets in Lambda functions"
//! (the extension's HTTP interface), and GetSecretValue for what it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::background::Serving;

/// What a function must show to be answered.
const TOKEN: &str = "a-session-token";

/// The extension that gives a function its secrets: one that a test can fill, slow down, and let
/// refuse. It listens until it is dropped.
pub struct SecretsExtension {
    shared: Arc<Mutex<Shared>>,
    serving: Serving,
}

#[derive(Default)]
struct Shared {
    secrets: HashMap<String, Value>,
    mood: Mood,
    asked: usize,
}

/// How the extension answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// After a while.
    Slow(Duration),
    /// 400, as while it is still starting.
    NotReady,
    /// 500, as when Secrets Manager does not answer it.
    Failing,
}

impl SecretsExtension {
    /// Begins to listen, on a free port of the loopback interface.
    ///
    /// # Panics
    /// Where there is no free port.
    #[must_use]
    pub fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new()
            .route("/secretsmanager/get", get(answer))
            .with_state(Arc::clone(&shared));
        Self {
            shared,
            serving: Serving::start(router),
        }
    }

    /// The variables by which a function finds the extension and proves itself.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![
            (
                "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT".to_owned(),
                self.serving.address().port().to_string(),
            ),
            ("AWS_SESSION_TOKEN".to_owned(), TOKEN.to_owned()),
        ]
    }

    /// Keeps a secret, in place of what it was before.
    pub fn put(&self, secret: &str, value: Value) {
        lock(&self.shared).secrets.insert(secret.to_owned(), value);
    }

    /// From now on answers so.
    pub fn behave(&self, mood: Mood) {
        lock(&self.shared).mood = mood;
    }

    /// How many questions have come.
    #[must_use]
    pub fn asked(&self) -> usize {
        lock(&self.shared).asked
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    secret_id: String,
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    Query(question): Query<Question>,
) -> Response {
    let mood = {
        let mut shared = lock(&shared);
        shared.asked += 1;
        shared.mood
    };
    match mood {
        Mood::Well => {}
        Mood::Slow(while_) => tokio::time::sleep(while_).await,
        Mood::NotReady => {
            let words = "not ready to serve traffic, please wait";
            return (StatusCode::BAD_REQUEST, words).into_response();
        }
        Mood::Failing => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
    let token = headers.get("x-aws-parameters-secrets-token");
    if token.and_then(|token| token.to_str().ok()) != Some(TOKEN) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    value(&lock(&shared), &question.secret_id)
}

fn value(shared: &Shared, secret: &str) -> Response {
    let Some(value) = shared.secrets.get(secret) else {
        let words = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
        return (StatusCode::BAD_REQUEST, words).into_response();
    };
    let answer = json!({
        "ARN": secret, "Name": secret, "SecretString": value.to_string(),
        "VersionId": "00000000-0000-0000-0000-000000000001", "VersionStages": ["AWSCURRENT"],
    });
    axum::Json(answer).into_response()
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
