use bytes::Bytes;
use reqwest::Body;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};

use crate::Key;
use crate::answer::Answer;
use crate::client::Storage;
use crate::error::{Doubt, StorageError};
use crate::exchange::{Bounds, Repeat};
use crate::objects::gone;

/// What every part but the last has at least, in bytes: 5 MiB. S3 says so when the upload is completed.
pub const LEAST_PART: usize = 5 * 1024 * 1024;
/// How many parts an object has at most.
pub const MOST_PARTS: u16 = 10_000;

/// An upload in parts that is open. Its key and id are all there is to it, so that another invocation
/// can go on with it; the ETags of its parts are the caller's to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The object's key once it is complete.
    pub key: Key,
    /// S3's id of the upload.
    pub id: String,
}

impl Storage {
    /// Opens an upload in parts. Each call opens one, so an unclear answer may leave one open that
    /// nobody knows; the bucket forgets it after seven days.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn create_multipart(
        &self,
        key: &Key,
        content_type: &str,
    ) -> Result<Multipart, StorageError> {
        let action = self
            .signer
            .bucket
            .create_multipart_upload(self.signer.credentials(), key.as_str());
        let request = || {
            let request = self.http.post(self.signer.own(&action));
            request
                .header(CONTENT_TYPE, content_type)
                .header(CONTENT_LENGTH, 0)
        };
        let bounds = Bounds {
            repeat: Repeat::IfUnsent,
            ..self.asking()
        };
        let undecodable = || StorageError::Undecodable {
            what: "no upload's id",
        };
        let read = |answer: Answer| {
            answer
                .accepted()?
                .element("UploadId")
                .ok_or_else(undecodable)
        };
        let id = self.call("create_multipart", bounds, request, read).await?;
        Ok(Multipart {
            key: key.clone(),
            id,
        })
    }

    /// Uploads a part, numbered from 1; what was uploaded under its number before is replaced. Answers
    /// the part's ETag, which [`complete_multipart`](Self::complete_multipart) wants. May be repeated.
    ///
    /// # Errors
    /// [`UploadGone`](StorageError::UploadGone), [`TooMuch`](StorageError::TooMuch) for a number that
    /// is not 1 to [`MOST_PARTS`], or the storage could not serve us.
    pub async fn upload_part(
        &self,
        upload: &Multipart,
        number: u16,
        bytes: Bytes,
    ) -> Result<String, StorageError> {
        if number == 0 || number > MOST_PARTS {
            let what = "parts are numbered 1 to 10000";
            return Err(StorageError::TooMuch { what });
        }
        let credentials = self.signer.credentials();
        let action =
            self.signer
                .bucket
                .upload_part(credentials, upload.key.as_str(), number, &upload.id);
        let request = || {
            let request = self.http.put(self.signer.own(&action));
            request
                .header(CONTENT_LENGTH, bytes.len())
                .body(Body::from(bytes.clone()))
        };
        let read = |answer: Answer| answer.accepted()?.etag();
        self.call("upload_part", self.transferring(), request, read)
            .await
    }

    /// Makes the parts one object, in the order of their numbers from 1. After an unclear answer it may
    /// be called again; [`UploadGone`](StorageError::UploadGone) then means that it was complete, if
    /// [`find`](Self::find) finds the object.
    ///
    /// # Errors
    /// See [`StorageError`]; [`Refused`](StorageError::Refused) where a part is missing or too small.
    pub async fn complete_multipart(
        &self,
        upload: &Multipart,
        etags: &[String],
    ) -> Result<(), StorageError> {
        let etags = etags.iter().map(String::as_str);
        let credentials = self.signer.credentials();
        let (key, id) = (upload.key.as_str(), upload.id.as_str());
        let action = self
            .signer
            .bucket
            .complete_multipart_upload(credentials, key, id, etags);
        let url = || self.signer.own(&action);
        let body = action.clone().body();
        let request = || self.http.post(url()).body(body.clone());
        self.call(
            "complete_multipart",
            self.transferring(),
            request,
            completed,
        )
        .await
    }

    /// Gives an upload up: its parts are forgotten. Also if it is not there: may be repeated.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn abort_multipart(&self, upload: &Multipart) -> Result<(), StorageError> {
        let credentials = self.signer.credentials();
        let action =
            self.signer
                .bucket
                .abort_multipart_upload(credentials, upload.key.as_str(), &upload.id);
        let request = || self.http.delete(self.signer.own(&action));
        match self
            .call("abort_multipart", self.asking(), request, gone)
            .await
        {
            Err(StorageError::UploadGone | StorageError::NotFound) => Ok(()),
            aborted => aborted,
        }
    }
}

/// S3 begins its answer with 200 before the work is done, and may end it with an error.
fn completed(answer: Answer) -> Result<(), StorageError> {
    let answer = answer.accepted()?;
    if answer.element("ETag").is_some() {
        return Ok(());
    }
    match answer.code() {
        Some(code) if code == "NoSuchUpload" => Err(StorageError::UploadGone),
        code @ Some(_) => Err(StorageError::Unclear(Doubt::Failed { status: 200, code })),
        None => Err(StorageError::Undecodable {
            what: "not complete",
        }),
    }
}
