use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{Answer, Payload};
use crate::client::Paystack;
use crate::error::PaystackError;

/// The largest answer that is read. A page of 100 transactions is about 200 KB.
const BODY_LIMIT: usize = 1024 * 1024;
/// How often a read is repeated after its first failure.
const READ_REPEATS: u32 = 2;
/// Longest wait that is believed when Paystack names one.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

impl Paystack {
    /// Reads. Repeated at most twice within the time limit after a failure to connect, a failure
    /// on Paystack's side, silence, or a rate limit whose wait still fits in.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Payload, PaystackError> {
        let deadline = Instant::now() + self.limits.read;
        let mut repeats = 0;
        loop {
            // Half of the limit at most, so that one silent connection leaves time for another.
            let limit = remaining(deadline).min(self.limits.read / 2);
            let request = self.request(Method::GET, path).query(query).timeout(limit);
            let (retry_after, result) = attempt(request).await;
            let error = match result {
                Ok(payload) => return Ok(payload),
                Err(error) => error,
            };
            let pause = pause(&error, retry_after, repeats);
            match pause.filter(|pause| repeats < READ_REPEATS && *pause < remaining(deadline)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            repeats += 1;
        }
    }

    /// Creates. Sent once; only when no connection could be made is it tried a second time, since
    /// then nothing was sent.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        limit: Duration,
    ) -> Result<Payload, PaystackError> {
        let deadline = Instant::now() + limit;
        let request = || self.request(Method::POST, path).json(body);
        let (_, first) = attempt(request().timeout(limit)).await;
        match first {
            Err(PaystackError::Unreachable { .. }) if !remaining(deadline).is_zero() => {
                attempt(request().timeout(remaining(deadline))).await.1
            }
            answer => answer,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }
}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// One exchange, with the wait that was asked for, if any.
async fn attempt(request: RequestBuilder) -> (Option<Duration>, Result<Payload, PaystackError>) {
    match exchange(request).await {
        Ok(answer) => (answer.retry_after, answer.payload()),
        Err(error) => (None, Err(error)),
    }
}

async fn exchange(request: RequestBuilder) -> Result<Answer, PaystackError> {
    let response = request
        .send()
        .await
        .map_err(PaystackError::from_transport)?;
    Ok(Answer {
        status: response.status(),
        retry_after: retry_after(response.headers()),
        body: read_bounded(response).await?,
    })
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, PaystackError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(PaystackError::from_transport)?
    {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(PaystackError::Undecodable {
                what: "a body over 1 MiB",
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The wait that Paystack asks for, in seconds. Which header it uses is not documented; these are
/// the usual three. A value over a day is a point in time, not a wait, and is not used.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    ["retry-after", "x-ratelimit-reset", "ratelimit-reset"]
        .iter()
        .find_map(|name| {
            headers
                .get(*name)?
                .to_str()
                .ok()?
                .trim()
                .parse::<u64>()
                .ok()
        })
        .filter(|seconds| *seconds <= LONGEST_WAIT)
        .map(Duration::from_secs)
}

/// How long to wait before a read is repeated, or none if repeating is no use.
fn pause(error: &PaystackError, asked: Option<Duration>, repeats: u32) -> Option<Duration> {
    let longest = match error {
        PaystackError::RateLimited { .. } => Duration::from_secs(1),
        PaystackError::Unclear { .. } | PaystackError::Unreachable { .. } => {
            Duration::from_millis(200)
        }
        PaystackError::Refused { .. }
        | PaystackError::DuplicateReference
        | PaystackError::NotFound
        | PaystackError::Unauthorized
        | PaystackError::Undecodable { .. } => return None,
    };
    Some(asked.unwrap_or_else(|| jitter(longest * 2_u32.pow(repeats))))
}

/// Anything from nothing to `longest`, so that many instances do not return in step.
fn jitter(longest: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without randomness the full wait is as good as any.
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => longest * u32::from(u16::from_le_bytes(bytes)) / u32::from(u16::MAX),
        Err(_) => longest,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_wait_is_read_from_any_of_the_usual_headers() {
        for (name, value, expected) in [
            ("retry-after", "3", Some(3)),
            ("x-ratelimit-reset", "12", Some(12)),
            ("ratelimit-reset", " 60 ", Some(60)),
            ("retry-after", "1724318098", None),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("retry-after", "-1", None),
        ] {
            let headers = HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )]);
            assert_eq!(
                retry_after(&headers),
                expected.map(Duration::from_secs),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        let bound = Duration::from_millis(200);
        assert!((0..1000).all(|_| jitter(bound) <= bound));
    }
}
