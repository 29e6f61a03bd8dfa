//! Uploads in parts.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};

use super::Call;
use super::objects::{told, with};
use super::refusal::Refusal;
use super::shelf::{Shelf, Upload, etag};

/// What every part but the last has at least.
const LEAST_PART: usize = 5 * 1024 * 1024;
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

pub(super) fn create(shelf: &mut Shelf, call: &Call) -> Response {
    let id = shelf.begin(&call.key, told(&call.headers));
    let key = &call.key;
    xml(&format!(
        "<InitiateMultipartUploadResult xmlns=\"{NAMESPACE}\"><Key>{key}</Key><UploadId>{id}</UploadId>\
         </InitiateMultipartUploadResult>"
    ))
}

pub(super) fn put_part(
    shelf: &mut Shelf,
    call: Call,
    upload: &str,
    number: &str,
) -> Result<Response, Refusal> {
    let Ok(number @ 1..=10_000) = number.parse::<u16>() else {
        return Err(Refusal::invalid_argument());
    };
    if !call.headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::missing_length());
    }
    let upload = shelf
        .upload(upload, &call.key)
        .ok_or_else(Refusal::no_such_upload)?;
    let etag = etag(&call.body);
    upload.parts.insert(number, (etag.clone(), call.body));
    Ok(with(StatusCode::OK.into_response(), &[(ETAG, &etag)]))
}

pub(super) fn complete(shelf: &mut Shelf, call: &Call, id: &str) -> Result<Response, Refusal> {
    let listed = listed(&call.body).ok_or_else(Refusal::malformed_xml)?;
    let upload = shelf
        .upload(id, &call.key)
        .ok_or_else(Refusal::no_such_upload)?;
    let whole = joined(upload, &listed)?;
    let told = upload.told.clone();
    shelf.end(id);
    let etag = shelf.put(&call.key, whole, told);
    let (key, etag) = (&call.key, etag.replace('"', "&quot;"));
    Ok(xml(&format!(
        "<CompleteMultipartUploadResult xmlns=\"{NAMESPACE}\"><Key>{key}</Key><ETag>{etag}</ETag>\
         </CompleteMultipartUploadResult>"
    )))
}

pub(super) fn abort(shelf: &mut Shelf, call: &Call, id: &str) -> Result<Response, Refusal> {
    shelf
        .upload(id, &call.key)
        .ok_or_else(Refusal::no_such_upload)?;
    shelf.end(id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The parts in the order in which they are listed.
fn joined(upload: &Upload, listed: &[(u16, String)]) -> Result<Bytes, Refusal> {
    if !listed.is_sorted_by(|one, next| one.0 < next.0) {
        return Err(Refusal::invalid_part_order());
    }
    let mut whole = BytesMut::new();
    for (index, (number, etag)) in listed.iter().enumerate() {
        let part = upload
            .parts
            .get(number)
            .filter(|(present, _)| present.trim_matches('"') == etag);
        let (_, bytes) = part.ok_or_else(Refusal::invalid_part)?;
        if index + 1 < listed.len() && bytes.len() < LEAST_PART {
            return Err(Refusal::entity_too_small());
        }
        whole.extend_from_slice(bytes);
    }
    Ok(whole.freeze())
}

/// The parts of a `CompleteMultipartUpload`: number and ETag, without its quotation marks. Simple enough
/// to be read without a parser, and strict about what it does not know.
fn listed(body: &[u8]) -> Option<Vec<(u16, String)>> {
    let text = std::str::from_utf8(body)
        .ok()?
        .replace("&quot;", "")
        .replace("&#34;", "");
    let parts = text.split("<Part>").skip(1);
    let read = |part: &str| {
        let number = between(part, "<PartNumber>", "</PartNumber>")?
            .parse()
            .ok()?;
        let etag = between(part, "<ETag>", "</ETag>")?
            .trim_matches('"')
            .to_owned();
        Some((number, etag))
    };
    let parts: Option<Vec<_>> = parts.map(read).collect();
    parts.filter(|parts| !parts.is_empty())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

fn xml(body: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}");
    ([(CONTENT_TYPE, "application/xml")], body).into_response()
}
