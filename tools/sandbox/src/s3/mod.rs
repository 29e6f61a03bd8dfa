//! S3, as the shop uses it: one bucket addressed by path (`/s3/<bucket>/<key>`), reached by signed
//! addresses only, and the pictures in it in public below `/media`, as the CDN in front of the real
//! bucket shows them.
//!
//! What is held against the "Amazon S3 API Reference": the signature in the query and everything it
//! covers, expiry, ranges, conditions, multipart uploads, and the XML of each refusal. An ETag here is no
//! MD5, which nobody may rely on anyway.

mod multipart;
mod objects;
mod public;
mod range;
mod refusal;
mod shelf;
mod signature;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

pub(crate) use shelf::Shelf;

use crate::control::{Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;
use refusal::Refusal;
use signature::Parameters;

/// Below it lies the bucket.
pub(crate) const PREFIX: &str = "/s3";
/// Below it lie the pictures, in public.
pub(crate) const PUBLIC_PREFIX: &str = "/media";
/// The largest body that is taken: far above what the shop uploads at once, far below what S3 takes.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/s3/{bucket}/{*key}", any(answer))
        .route("/media/{*key}", get(public::show))
}

/// A request whose signature holds.
struct Call {
    method: Method,
    key: String,
    parameters: Parameters,
    headers: HeaderMap,
    body: Bytes,
}

async fn answer(State(world): State<World>, request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return permitted(Response::default());
    }
    let (parts, body) = request.into_parts();
    // Read before anything is refused: a client that is still sending would see a lost connection.
    let body = axum::body::to_bytes(body, BODY_LIMIT).await;
    let facts = Facts::reference(key(&parts.uri).unwrap_or_default());
    let work = |_| async {
        let call = body.map_err(|_| Refusal::entity_too_large());
        let call = call.and_then(|body| admitted(&world, parts, body));
        let answered = call.and_then(|call| work(&world, call));
        answered.unwrap_or_else(Refusal::into_response)
    };
    let target = Target::Storage;
    permitted(unless_told_otherwise(&world, target, &facts, refusal::of_status, work).await)
}

/// The bucket's CORS rules (infrastructure/data.yaml), for whatever page a developer opens.
fn permitted(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, PUT"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, content-md5, if-none-match",
        ),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "etag"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admitted(world: &World, parts: Parts, body: Bytes) -> Result<Call, Refusal> {
    let Parts {
        method,
        uri,
        headers,
        ..
    } = parts;
    let parameters = Parameters::read(&uri)?;
    signature::check(&world.config.storage, &method, &uri, &parameters, &headers)?;
    let (bucket, key) = (bucket(&uri), key(&uri).ok_or_else(Refusal::no_such_key)?);
    if bucket != Some(world.config.storage.bucket.as_str()) {
        return Err(Refusal::no_such_bucket());
    }
    Ok(Call {
        method,
        key,
        parameters,
        headers,
        body,
    })
}

fn work(world: &World, call: Call) -> Result<Response, Refusal> {
    let shelf = &mut *world.shelf();
    let upload = call.parameters.get("uploadId").map(str::to_owned);
    let part = call.parameters.get("partNumber").map(str::to_owned);
    match (call.method.as_str(), upload, part) {
        ("GET" | "HEAD", None, None) => objects::get(shelf, &call),
        ("PUT", None, None) => objects::put(shelf, call),
        ("DELETE", None, None) => Ok(objects::delete(shelf, &call)),
        ("POST", None, None) if call.parameters.get("uploads").is_some() => {
            Ok(multipart::create(shelf, &call))
        }
        ("PUT", Some(upload), Some(part)) => multipart::put_part(shelf, call, &upload, &part),
        ("POST", Some(upload), None) => multipart::complete(shelf, &call, &upload),
        ("DELETE", Some(upload), None) => multipart::abort(shelf, &call, &upload),
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// The bucket that an address names.
fn bucket(uri: &Uri) -> Option<&str> {
    Some(uri.path().strip_prefix("/s3/")?.split_once('/')?.0)
}

/// The object that an address names.
fn key(uri: &Uri) -> Option<String> {
    let (_, key) = uri.path().strip_prefix("/s3/")?.split_once('/')?;
    let key = percent_decode_str(key).decode_utf8().ok()?;
    (!key.is_empty()).then(|| key.into_owned())
}
