//! Signature Version 4 in the query, as "Authenticating Requests: Using Query Parameters (AWS Signature
//! Version 4)" tells it, checked from the receiver's side and without the client's library.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri};
use chrono::{NaiveDateTime, TimeDelta};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};
use secrecy::ExposeSecret as _;

use super::refusal::Refusal;
use crate::clock;
use crate::config::StorageAccount;

/// What AWS leaves unescaped.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// The same in a path, whose slashes stay.
const IN_PATH: &AsciiSet = &UNRESERVED.remove(b'/');
/// Clocks may differ by so much.
const SKEW: TimeDelta = TimeDelta::minutes(15);
const WEEK: i64 = 7 * 24 * 60 * 60;

/// The parameters of an address, decoded.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn read(uri: &Uri) -> Result<Self, Refusal> {
        let pairs = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        let all: Option<BTreeMap<_, _>> = pairs.map(read).collect();
        all.map(Self).ok_or_else(Refusal::malformed_query)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn signed(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(Refusal::malformed_query)
    }

    /// Sorted, encoded, without the signature itself.
    fn canonical(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let all = self.0.iter().filter(|(name, _)| *name != "X-Amz-Signature");
        let mut pairs: Vec<String> = all
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }
}

/// Whether a request is the one that was signed, by the account, and not too long ago.
pub(super) fn check(
    account: &StorageAccount,
    method: &Method,
    uri: &Uri,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    if parameters.get("X-Amz-Signature").is_none() {
        return Err(Refusal::access_denied());
    }
    if parameters.signed("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(Refusal::malformed_query());
    }
    let date = parameters.signed("X-Amz-Date")?;
    in_time(date, parameters.signed("X-Amz-Expires")?)?;
    let (key_id, scope) = credential(parameters, date)?;
    if key_id != account.access_key_id {
        return Err(Refusal::unknown_key());
    }
    let signed_headers = parameters.signed("X-Amz-SignedHeaders")?;
    let canonical = [
        method.as_str(),
        &canonical_path(uri).ok_or_else(Refusal::wrong_signature)?,
        &parameters.canonical(),
        &canonical_headers(signed_headers, headers)?,
        signed_headers,
        "UNSIGNED-PAYLOAD",
    ]
    .join("\n");
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(&canonical));
    let key = signing_key(account.secret_access_key.expose_secret(), scope);
    if hex::encode(hmac::sign(&key, to_sign.as_bytes())) == parameters.signed("X-Amz-Signature")? {
        Ok(())
    } else {
        Err(Refusal::wrong_signature())
    }
}

fn in_time(date: &str, expires: &str) -> Result<(), Refusal> {
    let begun = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map(|at| at.and_utc());
    let (Ok(begun), Ok(seconds @ 1..=WEEK)) = (begun, expires.parse::<i64>()) else {
        return Err(Refusal::malformed_query());
    };
    let now = clock::now();
    if now < begun - SKEW || now > begun + TimeDelta::seconds(seconds) {
        return Err(Refusal::expired());
    }
    Ok(())
}

/// `<key id>/<date>/<region>/s3/aws4_request`: the key's id, and the rest.
fn credential<'a>(parameters: &'a Parameters, date: &str) -> Result<(&'a str, &'a str), Refusal> {
    let credential = parameters.signed("X-Amz-Credential")?;
    let (key_id, scope) = credential
        .split_once('/')
        .ok_or_else(Refusal::malformed_query)?;
    let parts: Vec<&str> = scope.split('/').collect();
    match parts.as_slice() {
        [day, region, "s3", "aws4_request"] if !region.is_empty() && date.starts_with(day) => {
            Ok((key_id, scope))
        }
        _ => Err(Refusal::malformed_query()),
    }
}

fn canonical_path(uri: &Uri) -> Option<String> {
    let path = decoded(uri.path())?;
    Some(utf8_percent_encode(&path, IN_PATH).to_string())
}

/// Each signed header with its value, a line each, and the empty line after them. What AWS wants signed
/// must be among them: the host, and every header of its own.
fn canonical_headers(signed: &str, headers: &HeaderMap) -> Result<String, Refusal> {
    let names: Vec<&str> = signed.split(';').collect();
    let of_aws = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amz-"));
    let must_be_signed = of_aws.map(|name| name.as_str()).chain(["host"]);
    for name in must_be_signed {
        if !names.contains(&name) {
            return Err(Refusal::headers_not_signed());
        }
    }
    let mut lines = String::new();
    for name in names {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let value = value.ok_or_else(Refusal::wrong_signature)?;
        lines.push_str(&format!("{name}:{}\n", value.trim()));
    }
    Ok(lines)
}

fn signing_key(secret: &str, scope: &str) -> hmac::Key {
    let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    scope.split('/').fold(first, |key, part| {
        hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&key, part.as_bytes()).as_ref(),
        )
    })
}

fn sha256(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::HOST;

    use super::*;

    /// The example of AWS's own page, but for the time: it was signed in 2013.
    #[test]
    fn the_example_of_aws_has_the_signature_that_aws_gives() {
        let uri: Uri = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            .parse()
            .unwrap();
        let parameters = Parameters::read(&uri).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            HOST,
            HeaderValue::from_static("examplebucket.s3.amazonaws.com"),
        );
        let canonical = [
            "GET",
            &canonical_path(&uri).unwrap(),
            &parameters.canonical(),
            &canonical_headers("host", &headers).unwrap(),
            "host",
            "UNSIGNED-PAYLOAD",
        ]
        .join("\n");
        assert_eq!(
            sha256(&canonical),
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
        );
        let scope = "20130524/us-east-1/s3/aws4_request";
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n20130524T000000Z\n{scope}\n{}",
            sha256(&canonical)
        );
        let key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);
        assert_eq!(
            hex::encode(hmac::sign(&key, to_sign.as_bytes())),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn what_was_signed_in_2013_has_expired() {
        assert!(in_time("20130524T000000Z", "86400").is_err());
        let now = clock::now().format("%Y%m%dT%H%M%SZ").to_string();
        assert!(in_time(&now, "60").is_ok());
        for expires in ["0", "604801", "x"] {
            assert!(in_time(&now, expires).is_err(), "{expires}");
        }
    }
}
