use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::client::Twilio;
use crate::error::TwilioError;

/// The largest answer that is read. A page of 50 messages is about 60 KB.
const BODY_LIMIT: usize = 1024 * 1024;
/// Longest wait that is believed when Twilio names one, in seconds.
const LONGEST_WAIT: u64 = 24 * 60 * 60;
/// How long after a failure a read is repeated.
const PAUSE: Duration = Duration::from_millis(200);

impl Twilio {
    /// Reads. Repeated once within the time limit after a failure to connect, a failure on
    /// Twilio's side, or silence.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Value, TwilioError> {
        let deadline = Instant::now() + self.limits.read;
        let request = || self.request(Method::GET, path).query(query);
        // Half of the limit at most, so that one silent connection leaves time for another.
        match exchange(request().timeout(self.limits.read / 2)).await {
            Err(TwilioError::Unclear { .. } | TwilioError::Unreachable { .. })
                if remaining(deadline) > PAUSE =>
            {
                tokio::time::sleep(PAUSE).await;
                exchange(request().timeout(remaining(deadline))).await
            }
            answer => answer,
        }
    }

    /// Creates. Sent once; only when no connection could be made is it tried a second time, since
    /// then nothing was sent.
    pub(crate) async fn post(
        &self,
        path: &str,
        form: &[(&str, String)],
    ) -> Result<Value, TwilioError> {
        let deadline = Instant::now() + self.limits.send;
        let request = || self.request(Method::POST, path).form(form);
        match exchange(request().timeout(self.limits.send)).await {
            Err(TwilioError::Unreachable { .. }) if !remaining(deadline).is_zero() => {
                exchange(request().timeout(remaining(deadline))).await
            }
            answer => answer,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let account = &self.account_sid;
        self.http.request(
            method,
            format!("{}/2010-04-01/Accounts/{account}{path}", self.base),
        )
    }
}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

async fn exchange(request: RequestBuilder) -> Result<Value, TwilioError> {
    let response = request.send().await.map_err(TwilioError::from_transport)?;
    let answer = Answer {
        status: response.status(),
        retry_after: retry_after(response.headers()),
        body: read_bounded(response).await?,
    };
    answer.object()
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, TwilioError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(TwilioError::from_transport)?
    {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(TwilioError::undecodable("a body over 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    (seconds <= LONGEST_WAIT).then(|| Duration::from_secs(seconds))
}
