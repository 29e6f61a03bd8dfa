//! The Parameters and Secrets extension: AWS's own HTTP server beside the function, on localhost.
//!
//! Asked by `GET /secretsmanager/get?secretId=…` with the session's token as proof of who asks; its
//! answer is Secrets Manager's, whose `SecretString` is the secret's JSON. Until it has started
//! itself it refuses connections or answers 400 "not ready to serve traffic, please wait"; hence the
//! repetition. It may become ready only with the first invocation (reports differ), so a start waits
//! for *that* only briefly and leaves the rest to the first request. Its cache is switched off in
//! template.yaml: a function keeps what it has read, and when it reads again it wants what is true now.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::reference::References;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest that one attempt takes.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Secrets Manager keeps at most 64 KiB; JSON may write each character as six.
const LARGEST: usize = 6 * 64 * 1024;

/// A secret could not be read in time.
#[derive(Debug, thiserror::Error)]
#[error("the secret {secret} could not be read from the extension")]
pub struct SecretsUnavailable {
    secret: String,
    source: Refusal,
}

/// What the extension last did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it cannot be reached")]
    Unreachable(#[from] std::io::Error),
    #[error("the connection to it failed")]
    Broken(#[from] hyper::Error),
    #[error("it did not answer in time")]
    Silent,
    #[error("it answered HTTP {status}: {words}")]
    Status { status: StatusCode, words: String },
    #[error("its answer is not a secret: {0}")]
    NotASecret(&'static str),
}

/// How long to try, counted from the beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// While the extension has not started itself.
    pub(crate) while_it_starts: Duration,
    /// In all.
    pub(crate) in_all: Duration,
}

/// Where the extension listens and what it wants to see.
#[derive(Debug, Clone)]
pub(crate) struct Extension {
    pub(crate) port: u16,
    pub(crate) token: SecretString,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    secret_string: Option<String>,
}

impl Extension {
    /// Reads every secret that is referred to, all at once, trying again while `patience` lasts.
    pub(crate) async fn read(
        &self,
        references: &References,
        patience: Patience,
    ) -> Result<BTreeMap<String, String>, SecretsUnavailable> {
        let wanted = references.secrets().into_iter();
        let reading = wanted.map(|secret| async move {
            match self.read_patiently(secret, patience).await {
                Ok(value) => Ok((secret, value)),
                Err(source) => Err(SecretsUnavailable {
                    secret: secret.to_owned(),
                    source,
                }),
            }
        });
        let secrets = try_join_all(reading).await?.into_iter().collect();
        Ok(references.resolve(&secrets))
    }

    async fn read_patiently(&self, secret: &str, patience: Patience) -> Result<Value, Refusal> {
        let began = Instant::now();
        loop {
            let left = patience.in_all.saturating_sub(began.elapsed());
            let refusal = match timeout(left.min(ATTEMPT), self.ask(secret)).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(refusal)) => refusal,
                Err(_) => Refusal::Silent,
            };
            if began.elapsed() + PAUSE >= patience.with(&refusal) {
                return Err(refusal);
            }
            sleep(PAUSE).await;
        }
    }

    /// One question over a connection of its own: there is one every few days.
    async fn ask(&self, secret: &str) -> Result<Value, Refusal> {
        let stream = TcpStream::connect(("localhost", self.port)).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the exchange, whose own end tells how it went.
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(self.question(secret)?).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|_| Refusal::NotASecret("it breaks off or is too large"))?;
        connection.abort();
        if status != StatusCode::OK {
            return Err(Refusal::status(status, &body.to_bytes()));
        }
        parse(&body.to_bytes())
    }

    fn question(&self, secret: &str) -> Result<Request<Empty<Bytes>>, Refusal> {
        let secret = utf8_percent_encode(secret, NON_ALPHANUMERIC);
        Request::get(format!("/secretsmanager/get?secretId={secret}"))
            .header(header::HOST, format!("localhost:{}", self.port))
            .header("x-aws-parameters-secrets-token", self.token.expose_secret())
            .body(Empty::new())
            .map_err(|_| Refusal::NotASecret("AWS_SESSION_TOKEN is no header's value"))
    }
}

impl Patience {
    fn with(self, refusal: &Refusal) -> Duration {
        if refusal.is_a_start() {
            self.while_it_starts
        } else {
            self.in_all
        }
    }
}

impl Refusal {
    /// Whether the extension has not started itself.
    fn is_a_start(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status { words, .. } => words.contains("not ready"),
            Self::Broken(_) | Self::Silent | Self::NotASecret(_) => false,
        }
    }

    /// The words of a refusal name the secret and who asked, never a value.
    fn status(status: StatusCode, body: &[u8]) -> Self {
        let words = String::from_utf8_lossy(body);
        let words = words
            .chars()
            .filter(|c| !c.is_control())
            .take(300)
            .collect();
        Self::Status { status, words }
    }
}

fn parse(body: &[u8]) -> Result<Value, Refusal> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| Refusal::NotASecret("it is not JSON"))?;
    let text = answer.secret_string;
    let text = text.ok_or(Refusal::NotASecret("it has no SecretString"))?;
    serde_json::from_str::<Value>(&text)
        .ok()
        .filter(Value::is_object)
        .ok_or(Refusal::NotASecret("its SecretString is not a JSON object"))
}
