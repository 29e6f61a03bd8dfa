//! Versions of resources: `If-Match` on the way in, `ETag` on the way out (RFC 9110 §13.1.1).

use axum::extract::FromRequestParts;
use axum::response::Response;
use domain::Version;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::Problem;

/// The version that a change is made of: `If-Match: "7"`. Obligatory: who has not read what they
/// change would overwrite others' changes unseen.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Version);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(header::IF_MATCH).iter();
        match (given.next(), given.next()) {
            (None, _) => Err(required()),
            (Some(value), None) if value == "*" => Err(required()),
            (Some(value), None) => read(value).map(Self).ok_or_else(malformed),
            (Some(_), Some(_)) => Err(malformed()),
        }
    }
}

/// A weak mark never matches by the RFC's letter, but gateways that compress weaken marks on their way.
fn read(value: &HeaderValue) -> Option<Version> {
    let text = value.to_str().ok()?.trim();
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let digits = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok().map(Version)).flatten()
}

/// RFC 6585 §3.
fn required() -> Problem {
    let detail = "Send the version that you have read as `If-Match: \"<version>\"`.";
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "version_required",
        detail,
    )
}

fn malformed() -> Problem {
    let detail = "If-Match must be one version in quotation marks, such as \"7\".";
    Problem::new(StatusCode::BAD_REQUEST, "malformed_version", detail)
}

/// Adds the version of what is answered, for the next `If-Match`.
#[must_use]
pub fn versioned(version: i64, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// 204: it is done, and there is nothing to show.
#[must_use]
pub fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// 202 with JSON: it will be done.
pub fn accepted<T: Serialize>(body: &T) -> Response {
    let mut response = crate::ok(body);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::ACCEPTED;
    }
    response
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn asked(values: &[&str]) -> Result<i64, (u16, String)> {
        let mut request = Request::builder();
        for value in values {
            request = request.header(header::IF_MATCH, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let read = IfMatch::from_request_parts(&mut parts, &()).await;
        read.map(|IfMatch(version)| version.0)
            .map_err(|problem| (problem.status().as_u16(), problem.code().to_owned()))
    }

    #[tokio::test]
    async fn a_version_is_read_and_nothing_else_is() {
        assert_eq!(asked(&["\"7\""]).await, Ok(7));
        assert_eq!(asked(&["W/\"7\""]).await, Ok(7));
        for missing in [&[][..], &["*"]] {
            let refusal = Err((428, "version_required".to_owned()));
            assert_eq!(asked(missing).await, refusal, "{missing:?}");
        }
        let malformed: [&[&str]; 7] = [
            &["7"],
            &["\"\""],
            &["\"-7\""],
            &["\"x\""],
            &["\"7\", \"8\""],
            &["\"7\"", "\"7\""],
            &["\"99999999999999999999\""],
        ];
        for wrong in malformed {
            let refusal = Err((400, "malformed_version".to_owned()));
            assert_eq!(asked(wrong).await, refusal, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_answered_names_its_version() {
        let response = versioned(7, no_content());
        assert_eq!(response.headers()[header::ETAG], "\"7\"");
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }
}
