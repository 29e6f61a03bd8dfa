use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName};

use crate::error::{Doubt, StorageError};

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its size.
    pub bytes: u64,
    /// The media type it was put with; whoever put it chose that.
    pub content_type: Option<String>,
    /// What changes when another object is put under the key; with its quotation marks.
    pub etag: String,
}

/// A part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The bytes from where the reading began; fewer than asked for only at the object's end, none
    /// beyond it.
    pub bytes: Bytes,
    /// The whole object's size.
    pub total: u64,
    /// The object's, as in [`Object`]; none where nothing was read.
    pub etag: Option<String>,
}

/// An answer whose body has been read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The answer, if it is one of success.
    pub(crate) fn accepted(self) -> Result<Self, StorageError> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.failure())
        }
    }

    /// S3's ETag, which every answer about an object has; HTML from something in between has none.
    pub(crate) fn etag(&self) -> Result<String, StorageError> {
        let undecodable = StorageError::Undecodable { what: "no ETag" };
        self.header(&ETAG)
            .filter(|etag| !etag.is_empty())
            .ok_or(undecodable)
    }

    pub(crate) fn object(&self) -> Result<Object, StorageError> {
        let length = self
            .header(&CONTENT_LENGTH)
            .and_then(|length| length.parse().ok());
        let undecodable = StorageError::Undecodable { what: "no length" };
        Ok(Object {
            bytes: length.ok_or(undecodable)?,
            content_type: self.header(&CONTENT_TYPE),
            etag: self.etag()?,
        })
    }

    /// A piece that was asked for from `offset` on, at most `length` bytes.
    pub(crate) fn piece(self, offset: u64, length: u64) -> Result<Piece, StorageError> {
        let undecodable = |what| StorageError::Undecodable { what };
        let range = self.header(&CONTENT_RANGE);
        let range = range.as_deref().and_then(Range::parse);
        if self.status == StatusCode::RANGE_NOT_SATISFIABLE {
            let total = range
                .map(|range| range.total)
                .or_else(|| self.actual_size());
            let total = total.filter(|total| *total <= offset);
            return Ok(Piece {
                bytes: Bytes::new(),
                total: total.ok_or(undecodable("a range without a size"))?,
                etag: None,
            });
        }
        let (Some(range), StatusCode::PARTIAL_CONTENT) = (range, self.status) else {
            return Err(undecodable("not the range that was asked for"));
        };
        let here = u64::try_from(self.body.len()).unwrap_or(u64::MAX);
        let expected = length.min(range.total.saturating_sub(offset));
        if range.first != Some(offset) || here != expected {
            return Err(undecodable("not the range that was asked for"));
        }
        Ok(Piece {
            etag: Some(self.etag()?),
            bytes: self.body,
            total: range.total,
        })
    }

    /// What an answer that is none of success says.
    pub(crate) fn failure(&self) -> StorageError {
        let code = self.code();
        let status = self.status.as_u16();
        match (status, code.as_deref()) {
            (_, Some("NoSuchUpload")) => StorageError::UploadGone,
            // A HEAD has no body, so a missing bucket looks like a missing object there.
            (404, None | Some("NoSuchKey")) => StorageError::NotFound,
            (412, _) => StorageError::Changed,
            (401 | 403, _) | (400, Some("ExpiredToken" | "InvalidToken")) => {
                StorageError::Forbidden { code }
            }
            (408 | 429 | 500.., _)
            | (400, Some("RequestTimeout"))
            | (409, Some("OperationAborted")) => {
                StorageError::Unclear(Doubt::Failed { status, code })
            }
            _ => StorageError::Refused { status, code },
        }
    }

    /// The text of an element of S3's XML, if the body has it. Codes, sizes and upload ids hold no
    /// characters that XML escapes.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        (value.len() <= 1024 && !value.contains('<')).then(|| value.to_owned())
    }

    /// S3's word for what went wrong, if the body is S3's. A word of anything else stays out of our
    /// errors and logs.
    pub(crate) fn code(&self) -> Option<String> {
        let code = self.element("Code")?;
        let is_word = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
        is_word.then_some(code)
    }

    /// The body of 416 has it, where the header is missing.
    fn actual_size(&self) -> Option<u64> {
        self.element("ActualObjectSize")?.parse().ok()
    }

    fn header(&self, name: &HeaderName) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

/// `Content-Range: bytes 0-99/1000`, or `bytes */1000` where there was nothing in the range.
struct Range {
    first: Option<u64>,
    total: u64,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let first = range
            .split_once('-')
            .and_then(|(first, _)| first.parse().ok());
        Some(Self {
            first,
            total: total.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn answer(status: u16, headers: &[(HeaderName, &'static str)], body: &'static str) -> Answer {
        let headers = headers.iter();
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
                .collect(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn failures_are_told_apart_by_status_and_code() {
        use StorageError as E;
        type Check = fn(&E) -> bool;
        let cases: [(u16, &str, Check); 10] = [
            (404, "<Error><Code>NoSuchKey</Code></Error>", |e| {
                matches!(e, E::NotFound)
            }),
            (404, "", |e| matches!(e, E::NotFound)),
            (404, "<Error><Code>NoSuchBucket</Code></Error>", |e| {
                matches!(e, E::Refused { .. })
            }),
            (404, "<Error><Code>NoSuchUpload</Code></Error>", |e| {
                matches!(e, E::UploadGone)
            }),
            (
                403,
                "<Error><Code>AccessDenied</Code></Error>",
                |e| matches!(e, E::Forbidden { code: Some(code) } if code == "AccessDenied"),
            ),
            (400, "<Error><Code>ExpiredToken</Code></Error>", |e| {
                matches!(e, E::Forbidden { .. })
            }),
            (412, "<Error><Code>PreconditionFailed</Code></Error>", |e| {
                matches!(e, E::Changed)
            }),
            (503, "<Error><Code>SlowDown</Code></Error>", |e| {
                matches!(e, E::Unclear(_))
            }),
            (400, "<Error><Code>EntityTooSmall</Code></Error>", |e| {
                matches!(e, E::Refused { status: 400, .. })
            }),
            (403, "<html><Code>ada@example.com</Code>", |e| {
                matches!(e, E::Forbidden { code: None })
            }),
        ];
        for (status, body, check) in cases {
            let error = answer(status, &[], body).failure();
            assert!(check(&error), "{status} {body}: {error:?}");
        }
    }

    #[test]
    fn a_piece_is_believed_only_if_it_is_the_one_that_was_asked_for() {
        let etag = (ETAG, "\"1\"");
        let piece = |range: &'static str, body| {
            answer(206, &[(CONTENT_RANGE, range), etag.clone()], body).piece(2, 4)
        };
        let good = piece("bytes 2-5/10", "cdef").unwrap();
        assert_eq!((good.bytes.as_ref(), good.total), (b"cdef".as_slice(), 10));
        assert_eq!(piece("bytes 2-3/4", "cd").unwrap().bytes.len(), 2);
        for (range, body) in [
            ("bytes 0-3/10", "abcd"),
            ("bytes 2-5/10", "cde"),
            ("bytes 2-9/10", "cdefghij"),
            ("bytes 2-5/*", "cdef"),
        ] {
            assert!(piece(range, body).is_err(), "{range}");
        }
        let whole = answer(200, &[etag], "abcdefghij").piece(2, 4);
        assert!(matches!(whole, Err(StorageError::Undecodable { .. })));
    }

    #[test]
    fn beyond_the_end_there_is_nothing_and_the_size_is_known() {
        let by_header = answer(416, &[(CONTENT_RANGE, "bytes */0")], "")
            .piece(0, 4)
            .unwrap();
        assert_eq!((by_header.bytes.len(), by_header.total), (0, 0));
        let body = "<Error><Code>InvalidRange</Code><ActualObjectSize>7</ActualObjectSize></Error>";
        assert_eq!(answer(416, &[], body).piece(7, 4).unwrap().total, 7);
        assert!(answer(416, &[], body).piece(3, 4).is_err());
    }
}
