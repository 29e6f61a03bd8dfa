use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusty_s3::S3Action;
use url::Url;

use crate::Key;
use crate::signer::{Signer, sign};

/// What S3 takes at most.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What an upload was promised to be; S3 refuses every other one (403 `SignatureDoesNotMatch`).
#[derive(Debug, Clone, Copy)]
pub struct Promised<'a> {
    /// Its media type; without one, any.
    pub content_type: Option<&'a str>,
    /// Its size in bytes; without one, any that S3 takes (5 GB).
    pub bytes: Option<u64>,
    /// Whether it may come only where there is no object yet, so that nobody replaces what has been
    /// looked at: S3 then answers a second upload with 412 (`If-None-Match: *`).
    pub once: bool,
}

/// A request that whoever holds it can make, once or often, until it expires.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// `PUT` or `GET`.
    pub method: &'static str,
    /// The signed address. It opens what it names: to be shown to whom it is for, and not logged.
    pub url: Url,
    /// The headers that must be sent exactly so. A browser sends `content-length` by itself and lets
    /// nobody set it.
    pub headers: Vec<(&'static str, String)>,
    /// When it stops working, UTC, to the second. On AWS it may stop earlier: with the credentials of
    /// the function that signed it, which live for hours.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Presigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// An address under which one object can be put for `valid` (whole seconds, at most seven days).
    /// Asks nobody.
    #[must_use]
    pub fn presign_put(&self, key: &Key, promised: Promised<'_>, valid: Duration) -> Presigned {
        let mut action = self.bucket.put_object(self.credentials(), key.as_str());
        let headers = headers(promised);
        for (name, value) in &headers {
            action.headers_mut().insert(*name, value.clone());
        }
        self.presigned("PUT", &action, headers, valid)
    }

    /// An address under which an object can be fetched for `valid` (whole seconds, at most seven days).
    /// With a `file_name` a browser saves it under that name instead of showing it. Asks nobody, not
    /// even whether there is such an object.
    #[must_use]
    pub fn presign_get(&self, key: &Key, file_name: Option<&str>, valid: Duration) -> Presigned {
        let mut action = self.bucket.get_object(self.credentials(), key.as_str());
        if let Some(name) = file_name {
            let disposition = attachment(name);
            action
                .query_mut()
                .insert("response-content-disposition", disposition);
        }
        self.presigned("GET", &action, Vec::new(), valid)
    }

    fn presigned<'a>(
        &self,
        method: &'static str,
        action: &impl S3Action<'a>,
        headers: Vec<(&'static str, String)>,
        valid: Duration,
    ) -> Presigned {
        let signed_at = self.clock.now();
        let valid = Duration::from_secs(valid.min(LONGEST).as_secs().max(1));
        let whole = DateTime::from_timestamp(signed_at.timestamp(), 0).unwrap_or(signed_at);
        Presigned {
            method,
            url: sign(action, valid, signed_at),
            headers,
            expires_at: whole + TimeDelta::from_std(valid).unwrap_or_default(),
        }
    }
}

fn headers(promised: Promised<'_>) -> Vec<(&'static str, String)> {
    let bytes = promised.bytes.map(|bytes| bytes.to_string());
    let all = [
        ("content-length", bytes),
        ("content-type", promised.content_type.map(str::to_owned)),
        ("if-none-match", promised.once.then(|| "*".to_owned())),
    ];
    let given = all.into_iter();
    given
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// RFC 6266, with the few characters that need no escaping; every other one becomes `_`.
fn attachment(file_name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = file_name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{name}\"")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeZone as _;
    use domain::Clock;

    use super::*;
    use crate::StorageSettings;

    /// The credentials and the moment of the example in "Authenticating Requests: Using Query
    /// Parameters (AWS Signature Version 4)".
    fn signer(endpoint: Option<&'static str>, token: Option<&'static str>) -> Signer {
        let lookup = move |name: &str| match name {
            "STORAGE_BUCKET" => Some("examplebucket".to_owned()),
            "STORAGE_ENDPOINT" => endpoint.map(str::to_owned),
            "AWS_REGION" => Some("us-east-1".to_owned()),
            "AWS_ACCESS_KEY_ID" => Some("AKIAIOSFODNN7EXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            "AWS_SESSION_TOKEN" => token.map(str::to_owned),
            _ => None,
        };
        let settings = settings::read_from(lookup, StorageSettings::read).unwrap();
        let at = Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).unwrap();
        Signer::new(&settings, Clock::fixed(at)).unwrap()
    }

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn parameters(url: &Url) -> BTreeMap<String, String> {
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn an_address_to_fetch_is_signed_as_in_the_example_of_aws_but_for_its_host() {
        let presigned =
            signer(None, None).presign_get(&key("test.txt"), None, Duration::from_secs(86_400));
        let url = presigned.url;
        assert_eq!(
            url.host_str(),
            Some("examplebucket.s3.us-east-1.amazonaws.com")
        );
        assert_eq!(url.path(), "/test.txt");
        let parameters = parameters(&url);
        assert_eq!(
            parameters["X-Amz-Credential"],
            "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
        );
        assert_eq!(parameters["X-Amz-Date"], "20130524T000000Z");
        assert_eq!(parameters["X-Amz-Expires"], "86400");
        assert_eq!(parameters["X-Amz-SignedHeaders"], "host");
        assert_eq!(
            presigned.expires_at,
            Utc.with_ymd_and_hms(2013, 5, 25, 0, 0, 0).unwrap()
        );
    }

    #[test]
    fn what_an_upload_was_promised_to_be_is_part_of_its_signature() {
        let promised = Promised {
            content_type: Some("image/png"),
            bytes: Some(12_345),
            once: true,
        };
        let signer = signer(Some("http://127.0.0.1:9100/s3"), Some("token"));
        let presigned =
            signer.presign_put(&key("products/1.png"), promised, Duration::from_secs(900));
        assert_eq!(presigned.url.path(), "/s3/examplebucket/products/1.png");
        let parameters = parameters(&presigned.url);
        assert_eq!(
            parameters["X-Amz-SignedHeaders"],
            "content-length;content-type;host;if-none-match"
        );
        assert_eq!(parameters["X-Amz-Security-Token"], "token");
        let headers = [
            ("content-length", "12345"),
            ("content-type", "image/png"),
            ("if-none-match", "*"),
        ];
        assert_eq!(
            presigned.headers,
            headers.map(|(name, value)| (name, value.to_owned()))
        );
        assert!(!format!("{presigned:?}").contains(&parameters["X-Amz-Signature"]));
    }

    #[test]
    fn a_download_is_named_by_characters_that_end_no_header() {
        let url = signer(None, None)
            .presign_get(
                &key("exports/1.csv"),
                Some("products \"2026\"\r\nx: é.csv"),
                Duration::from_secs(60),
            )
            .url;
        assert_eq!(
            parameters(&url)["response-content-disposition"],
            "attachment; filename=\"products__2026___x___.csv\""
        );
    }

    #[test]
    fn no_address_holds_longer_than_s3_lets_it() {
        let month = Duration::from_secs(30 * 86_400);
        let url = signer(None, None).presign_get(&key("a"), None, month).url;
        assert_eq!(parameters(&url)["X-Amz-Expires"], "604800");
    }
}
