//! Objects: put, fetched whole or in part, deleted.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Call;
use super::range::{Asked, asked};
use super::refusal::Refusal;
use super::shelf::{Shelf, Stored, Told};

pub(super) fn put(shelf: &mut Shelf, call: Call) -> Result<Response, Refusal> {
    if !call.headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::missing_length());
    }
    let only_new = header(&call.headers, &IF_NONE_MATCH).as_deref() == Some("*");
    if only_new && shelf.get(&call.key).is_some() {
        return Err(Refusal::precondition_failed());
    }
    let told = told(&call.headers);
    let etag = shelf.put(&call.key, call.body, told);
    Ok(with(StatusCode::OK.into_response(), &[(ETAG, &etag)]))
}

pub(super) fn delete(shelf: &mut Shelf, call: &Call) -> Response {
    shelf.remove(&call.key);
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn get(shelf: &Shelf, call: &Call) -> Result<Response, Refusal> {
    let stored = shelf.get(&call.key).ok_or_else(Refusal::no_such_key)?;
    if header(&call.headers, &IF_MATCH)
        .is_some_and(|wanted| wanted != "*" && wanted != stored.about.etag)
    {
        return Err(Refusal::precondition_failed());
    }
    let mut response = answer(
        stored,
        &call.method,
        header(&call.headers, &RANGE).as_deref(),
    )?;
    for (parameter, name) in [
        ("response-content-type", CONTENT_TYPE),
        ("response-content-disposition", CONTENT_DISPOSITION),
        ("response-cache-control", CACHE_CONTROL),
    ] {
        if let Some(value) = call.parameters.get(parameter) {
            response = with(response, &[(name, value)]);
        }
    }
    Ok(response)
}

/// The object or a part of it, or only what is told of it.
pub(super) fn answer(
    stored: &Stored,
    method: &Method,
    range: Option<&str>,
) -> Result<Response, Refusal> {
    let size = stored.bytes.len();
    let (status, part) = match asked(range, size) {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Beyond => return Err(Refusal::invalid_range(size)),
    };
    let content_range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
    let length = part.len().to_string();
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from(stored.bytes.slice(part)),
    };
    let modified = stored
        .about
        .modified
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let told = &stored.about.told;
    let mut response = with(
        (status, body).into_response(),
        &[
            (ETAG, &stored.about.etag),
            (LAST_MODIFIED, &modified),
            (ACCEPT_RANGES, "bytes"),
            (CONTENT_LENGTH, &length),
            (
                CONTENT_TYPE,
                told.content_type
                    .as_deref()
                    .unwrap_or("binary/octet-stream"),
            ),
        ],
    );
    if status == StatusCode::PARTIAL_CONTENT {
        response = with(response, &[(CONTENT_RANGE, &content_range)]);
    }
    for (name, value) in [
        (CACHE_CONTROL, &told.cache_control),
        (CONTENT_DISPOSITION, &told.content_disposition),
    ] {
        if let Some(value) = value {
            response = with(response, &[(name, value)]);
        }
    }
    Ok(response)
}

/// What an object is to tell, by the headers it is put with.
pub(super) fn told(headers: &HeaderMap) -> Told {
    Told {
        content_type: header(headers, &CONTENT_TYPE),
        cache_control: header(headers, &CACHE_CONTROL),
        content_disposition: header(headers, &CONTENT_DISPOSITION),
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// Adds headers; a value that is none is left out.
pub(super) fn with(mut response: Response, headers: &[(HeaderName, &str)]) -> Response {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name.clone(), value);
        }
    }
    response
}
