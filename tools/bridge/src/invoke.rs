//! Invoking a function over the Lambda Invoke API, which `cargo lambda watch` serves as well.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::broker::install_crypto;

/// Why an invocation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// Nothing listens at the address: the function has not seen the event.
    #[error("nothing answers at the functions' address")]
    Unreachable(#[source] reqwest::Error),
    /// No answer came, in time or at all; the function may have done its work.
    #[error("the invocation broke off")]
    BrokenOff(#[source] reqwest::Error),
    /// The functions were reloaded meanwhile, which loses invocations.
    #[error("the functions were reloaded during the invocation")]
    Reloaded,
    /// The function answered with an error. The text is its own, cut to a line.
    #[error("the function failed with status {status}: {text}")]
    Failed {
        /// HTTP status: the local emulator says 500, real Lambda 200 with a header.
        status: u16,
        /// The beginning of the function's error document.
        text: String,
    },
    /// The HTTP client could not be built.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
}

/// An address that invokes functions.
#[derive(Debug, Clone)]
pub struct InvokeTarget {
    base: String,
    client: reqwest::Client,
    limit: Duration,
    reloads: Option<watch::Receiver<u64>>,
}

impl InvokeTarget {
    /// Functions below `base` (`http://127.0.0.1:9000`), each given `limit` to answer. Without a
    /// limit, an invocation that `cargo lambda watch` loses when it reloads would last for ever.
    ///
    /// # Errors
    /// [`InvokeError::Client`].
    pub fn new(base: &str, limit: Duration) -> Result<Self, InvokeError> {
        install_crypto();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .no_proxy()
            .build()
            .map_err(InvokeError::Client)?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            client,
            limit,
            reloads: None,
        })
    }

    /// Gives an invocation up when this number changes: `cargo lambda watch` never answers what was
    /// in flight when it reloads.
    #[must_use]
    pub fn reloaded_by(self, reloads: watch::Receiver<u64>) -> Self {
        Self {
            reloads: Some(reloads),
            ..self
        }
    }

    /// The same functions with another limit.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self {
            limit,
            ..self.clone()
        }
    }

    /// Invokes and waits; answers what the function answered.
    ///
    /// # Errors
    /// [`InvokeError`]; only [`InvokeError::Unreachable`] is sure that nothing happened.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<String, InvokeError> {
        let mut reloads = self.reloads.clone();
        if let Some(reloads) = &mut reloads {
            reloads.mark_unchanged();
        }
        tokio::select! {
            answer = self.ask(function, event) => answer,
            () = changed(reloads) => Err(InvokeError::Reloaded),
        }
    }

    async fn ask(&self, function: &str, event: &Value) -> Result<String, InvokeError> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.base);
        let answer = self
            .client
            .post(url)
            .timeout(self.limit)
            .json(event)
            .send()
            .await;
        let answer = answer.map_err(unanswered)?;
        let status = answer.status().as_u16();
        // Real Lambda reports a function's failure with 200 and this header.
        let failed = status != 200 || answer.headers().contains_key("x-amz-function-error");
        let text = answer.text().await.map_err(InvokeError::BrokenOff)?;
        if failed {
            return Err(InvokeError::Failed {
                status,
                text: text.chars().take(300).collect(),
            });
        }
        Ok(text)
    }
}

/// Resolves at the next change, never without one to come.
async fn changed(reloads: Option<watch::Receiver<u64>>) {
    if let Some(mut reloads) = reloads
        && reloads.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

fn unanswered(error: reqwest::Error) -> InvokeError {
    if error.is_connect() {
        InvokeError::Unreachable(error)
    } else {
        InvokeError::BrokenOff(error)
    }
}
