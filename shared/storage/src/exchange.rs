use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{RequestBuilder, Response, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::client::Storage;
use crate::error::StorageError;

/// How often a call is repeated after its first failure.
const REPEATS: u32 = 2;
/// The largest body of an answer that carries no object.
const BODY_LIMIT: usize = 64 * 1024;

/// Whether a call may be sent again after an unclear answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Twice is the same as once.
    Freely,
    /// Only if it was surely not sent.
    IfUnsent,
}

/// A call's bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// In all, repeats included.
    pub(crate) time: Duration,
    /// Of a successful answer's body.
    pub(crate) body: usize,
    pub(crate) repeat: Repeat,
}

impl Storage {
    /// Bounds of a call whose answer carries no object.
    pub(crate) fn asking(&self) -> Bounds {
        Bounds {
            time: self.limits.ask,
            body: BODY_LIMIT,
            repeat: Repeat::Freely,
        }
    }

    /// Makes a call, shows it in metrics and traces as `operation`, and reads the answer with `read`.
    /// What `read` refuses is a failure like any other, and may be repeated.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        bounds: Bounds,
        request: impl Fn() -> RequestBuilder,
        read: impl Fn(Answer) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let call = repeated(bounds, request, read);
        telemetry::call("storage", operation, StorageError::is_unavailable, call).await
    }
}

async fn repeated<T>(
    bounds: Bounds,
    request: impl Fn() -> RequestBuilder,
    read: impl Fn(Answer) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    let deadline = Instant::now() + bounds.time;
    let mut repeats = 0;
    loop {
        // Half of the limit at most, so that one silent connection leaves time for another.
        let limit = match bounds.repeat {
            Repeat::Freely => remaining(deadline).min(bounds.time / 2),
            Repeat::IfUnsent => remaining(deadline),
        };
        let answer = exchange(request().timeout(limit), bounds.body).await;
        let error = match answer.and_then(&read) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let pause = jitter(Duration::from_millis(100) * 2_u32.pow(repeats));
        let may = may_repeat(&error, bounds.repeat) && repeats < REPEATS;
        if !may || pause >= remaining(deadline) {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        repeats += 1;
    }
}

fn may_repeat(error: &StorageError, repeat: Repeat) -> bool {
    match error {
        StorageError::Unreachable(_) => true,
        StorageError::Unclear(_) | StorageError::Undecodable { .. } => repeat == Repeat::Freely,
        StorageError::NotFound
        | StorageError::Changed
        | StorageError::UploadGone
        | StorageError::Forbidden { .. }
        | StorageError::Refused { .. }
        | StorageError::TooMuch { .. } => false,
    }
}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

async fn exchange(request: RequestBuilder, limit: usize) -> Result<Answer, StorageError> {
    let mut response = request.send().await.map_err(StorageError::from_transport)?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let carries_object = status.is_success() || status == StatusCode::PARTIAL_CONTENT;
    let limit = if carries_object { limit } else { BODY_LIMIT };
    Ok(Answer {
        status,
        headers,
        body: read_bounded(response, limit).await?,
    })
}

async fn read_bounded(mut response: Response, limit: usize) -> Result<Bytes, StorageError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(StorageError::from_transport)?
    {
        if body.len() + chunk.len() > limit {
            return Err(StorageError::Undecodable {
                what: "a body larger than what was asked for",
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Anything from half of `longest` to all of it, so that many instances do not return in step.
fn jitter(longest: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without randomness the full wait is as good as any.
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => {
            longest / 2 + longest / 2 * u32::from(u16::from_le_bytes(bytes)) / u32::from(u16::MAX)
        }
        Err(_) => longest,
    }
}
