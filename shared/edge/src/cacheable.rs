//! Public answers that may be kept by browsers and by the edge of the network.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ring::digest::{SHA256, digest};

/// JSON that anyone may keep for `max_age` seconds and then ask about by its `ETag`; 304 where the
/// asker has it already.
#[must_use]
pub fn public_json(asked: &HeaderMap, body: Vec<u8>, max_age: u32) -> Response {
    let hash = digest(&SHA256, &body);
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let unchanged = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|given| known(given, &etag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    let keep = format!("public, max-age={max_age}, stale-while-revalidate={max_age}");
    for (name, value) in [(header::ETAG, etag), (header::CACHE_CONTROL, keep)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn known(given: &HeaderValue, etag: &str) -> bool {
    let given = given.to_str().unwrap_or_default();
    given
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}
