//! The CDN in front of the bucket: pictures of products, to anybody, and nothing else.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, RANGE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::objects::{answer, with};
use crate::world::World;

/// What the CDN may read of the bucket (infrastructure/images.yaml).
const PUBLIC: &str = "products/";

pub(super) async fn show(
    State(world): State<World>,
    Path(key): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let shelf = world.shelf();
    let stored = shelf.get(&key).filter(|_| key.starts_with(PUBLIC));
    let Some(stored) = stored else {
        // CloudFront may not list the bucket, so what is not there is forbidden, as with S3 itself.
        return StatusCode::FORBIDDEN.into_response();
    };
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match answer(stored, &method, range) {
        Ok(response) => with(
            response,
            &[(CACHE_CONTROL, "public, max-age=31536000, immutable")],
        ),
        Err(refusal) => refusal.into_response(),
    }
}
