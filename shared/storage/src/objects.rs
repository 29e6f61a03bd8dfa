use bytes::Bytes;
use reqwest::Body;
use reqwest::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, RANGE,
};

use crate::Key;
use crate::answer::{Answer, Object, Piece};
use crate::client::Storage;
use crate::error::StorageError;
use crate::exchange::Bounds;

/// How many bytes are read at once at most: 8 MiB. Whoever reads more reads piece by piece.
pub const READ_LIMIT: u32 = 8 * 1024 * 1024;

/// An object to be put, whole; S3's limit of 5 GB is far above what a function holds.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'a str,
    /// What it says to caches, if anything.
    pub cache_control: Option<&'a str>,
    /// How a browser treats it, if not by its type (`attachment; filename="…"`).
    pub content_disposition: Option<&'a str>,
}

impl Storage {
    /// Looks an object up (`HEAD`); none if it is not there.
    ///
    /// On AWS the role needs `s3:ListBucket` beside `s3:GetObject`: without it S3 answers 403 for what
    /// is not there.
    ///
    /// # Errors
    /// See [`StorageError`]; never [`NotFound`](StorageError::NotFound).
    pub async fn find(&self, key: &Key) -> Result<Option<Object>, StorageError> {
        let action = self
            .signer
            .bucket
            .head_object(self.signer.credentials(), key.as_str());
        let request = || self.http.head(self.signer.own(&action));
        let read = |answer: Answer| answer.accepted()?.object();
        match self.call("head", self.asking(), request, read).await {
            Ok(object) => Ok(Some(object)),
            Err(StorageError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads at most `length` bytes from `offset` on. With an `etag` (of [`Object`] or of the piece
    /// before) only from that very object, so that many pieces are of one.
    ///
    /// # Errors
    /// [`NotFound`](StorageError::NotFound), [`Changed`](StorageError::Changed) where another object
    /// was put meanwhile, [`TooMuch`](StorageError::TooMuch) for a length of zero or above
    /// [`READ_LIMIT`], or the storage could not serve us.
    pub async fn read_piece(
        &self,
        key: &Key,
        offset: u64,
        length: u32,
        etag: Option<&str>,
    ) -> Result<Piece, StorageError> {
        if length == 0 || length > READ_LIMIT {
            let what = "a piece has one byte to 8 MiB";
            return Err(StorageError::TooMuch { what });
        }
        let length = u64::from(length);
        let action = self
            .signer
            .bucket
            .get_object(self.signer.credentials(), key.as_str());
        let range = format!("bytes={offset}-{}", offset.saturating_add(length - 1));
        let request = || {
            let request = self
                .http
                .get(self.signer.own(&action))
                .header(RANGE, &range);
            match etag {
                Some(etag) => request.header(IF_MATCH, etag),
                None => request,
            }
        };
        let read = |answer: Answer| match answer.status.as_u16() {
            200 | 206 | 416 => answer.piece(offset, length),
            _ => Err(answer.failure()),
        };
        let bounds = Bounds {
            body: usize::try_from(length).unwrap_or(usize::MAX),
            ..self.transferring()
        };
        self.call("get", bounds, request, read).await
    }

    /// Puts an object, in place of what was there. May be repeated.
    ///
    /// # Errors
    /// See [`StorageError`]; after an unclear one the object may be there.
    pub async fn put(&self, key: &Key, content: &Content<'_>) -> Result<Object, StorageError> {
        let action = self
            .signer
            .bucket
            .put_object(self.signer.credentials(), key.as_str());
        let request = || {
            let mut request = self
                .http
                .put(self.signer.own(&action))
                .header(CONTENT_TYPE, content.content_type)
                // Left out by the client for an empty body, and demanded by S3.
                .header(CONTENT_LENGTH, content.bytes.len())
                .body(Body::from(content.bytes.clone()));
            if let Some(value) = content.cache_control {
                request = request.header(CACHE_CONTROL, value);
            }
            if let Some(value) = content.content_disposition {
                request = request.header(CONTENT_DISPOSITION, value);
            }
            request
        };
        let read = |answer: Answer| answer.accepted()?.etag();
        let etag = self.call("put", self.transferring(), request, read).await?;
        Ok(Object {
            bytes: u64::try_from(content.bytes.len()).unwrap_or(u64::MAX),
            content_type: Some(content.content_type.to_owned()),
            etag,
        })
    }

    /// Deletes an object. Also if there is none: may be repeated.
    ///
    /// # Errors
    /// See [`StorageError`]; after an unclear one it may be gone.
    pub async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        let action = self
            .signer
            .bucket
            .delete_object(self.signer.credentials(), key.as_str());
        let request = || self.http.delete(self.signer.own(&action));
        let deleted = self.call("delete", self.asking(), request, gone).await;
        match deleted {
            Err(StorageError::NotFound) => Ok(()),
            deleted => deleted,
        }
    }

    pub(crate) fn transferring(&self) -> Bounds {
        Bounds {
            time: self.limits.transfer,
            ..self.asking()
        }
    }
}

/// S3 answers a deletion with 204 and nothing; a page of HTML with 200 deleted nothing.
pub(crate) fn gone(answer: Answer) -> Result<(), StorageError> {
    let answer = answer.accepted()?;
    if answer.status.as_u16() == 204 {
        return Ok(());
    }
    Err(StorageError::Undecodable { what: "not 204" })
}
