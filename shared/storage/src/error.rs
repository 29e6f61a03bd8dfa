use std::error::Error;

use domain::{Fault, Kind};

/// The foreign error below ours.
type Cause = Box<dyn Error + Send + Sync>;

/// Why an object could not be had or kept, in terms of what is now known.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no such object.
    #[error("there is no such object")]
    NotFound,
    /// The object is no longer the one that was asked for: another was put under its key.
    #[error("the object was replaced meanwhile")]
    Changed,
    /// There is no such multipart upload: it was completed, aborted, or forgotten after seven days.
    #[error("there is no such multipart upload")]
    UploadGone,
    /// S3 did not accept our credentials, or they may not do this. Those of a function expire with it.
    #[error("the storage did not let us in ({})", code.as_deref().unwrap_or("no code"))]
    Forbidden {
        /// S3's word (`AccessDenied`, `ExpiredToken` …).
        code: Option<String>,
    },
    /// S3 understood the call and said no; the same call will never work.
    #[error("the storage refused the call (HTTP {status}, {})", code.as_deref().unwrap_or("no code"))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// S3's word (`EntityTooSmall` …).
        code: Option<String>,
    },
    /// No usable answer came; a call that writes may have taken effect.
    #[error("the storage did not answer")]
    Unclear(#[source] Doubt),
    /// No connection could be made, so the call was surely not sent.
    #[error("the storage could not be reached")]
    Unreachable(#[source] Cause),
    /// An answer came that is not in S3's form, for instance HTML from something in between.
    #[error("the storage's answer was not understood: {what}")]
    Undecodable {
        /// Which part; never its content.
        what: &'static str,
    },
    /// More was asked for than this crate reads or sends at once.
    #[error("{what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
}

/// Why it is unknown whether a call took effect.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// A failure on S3's side.
    #[error("it answered HTTP {status} ({})", code.as_deref().unwrap_or("no code"))]
    Failed {
        /// The HTTP status.
        status: u16,
        /// S3's word (`SlowDown`, `InternalError` …).
        code: Option<String>,
    },
    /// The time limit passed before the whole answer had come.
    #[error("no whole answer came in time")]
    TimedOut,
    /// The connection broke after the call was sent.
    #[error("the connection was lost")]
    Lost(#[source] Cause),
}

impl StorageError {
    /// Whether the storage could not serve us, rather than answer what we did not hope for.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind() == Kind::Unavailable
    }

    /// Sorts a failure of the transport. Only a failure to connect proves that nothing was sent. The
    /// address stays out of it: it is signed, and opens what it names.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            Self::Unreachable(Box::new(error))
        } else if error.is_timeout() {
            Self::Unclear(Doubt::TimedOut)
        } else {
            Self::Unclear(Doubt::Lost(Box::new(error)))
        }
    }
}

domain::fault! {
    StorageError {
        NotFound => NotFound "object_not_found",
        Changed => Conflict "object_changed",
        UploadGone => NotFound "upload_gone",
        Forbidden => Unavailable "storage_unavailable",
        Refused => Bug "storage_refused",
        Unclear => Unavailable "storage_unavailable",
        Unreachable => Unavailable "storage_unavailable",
        Undecodable => Unavailable "storage_unavailable",
        TooMuch => Bug "storage_limit",
    }
}
