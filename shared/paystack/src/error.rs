use std::error::Error;
use std::time::Duration;

/// The foreign error below ours.
type Cause = Box<dyn Error + Send + Sync>;

/// Why a call to Paystack did not give what was asked, in terms of what is now known.
#[derive(Debug, thiserror::Error)]
pub enum PaystackError {
    /// Paystack understood the call and said no. `message` is Paystack's own, with e-mail addresses
    /// and long numbers struck out and at most 200 characters of it.
    ///
    /// A refusal under a 2xx status contradicts itself: its effect must be verified, and
    /// [`is_unclear`](PaystackError::is_unclear) says so.
    #[error("Paystack refused the call (HTTP {status}, {}): {message}", code.as_deref().unwrap_or("no code"))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The machine code, which many refusals lack.
        code: Option<String>,
        /// What Paystack said.
        message: String,
    },
    /// The reference was used before, perhaps by an earlier call of ours whose answer was lost:
    /// verify it.
    #[error("Paystack already has a transaction with this reference")]
    DuplicateReference,
    /// Paystack knows no such transaction or refund in this mode. Also said by a test key of a live
    /// reference and the other way round.
    #[error("Paystack has no such record")]
    NotFound,
    /// Too many calls; nothing was done.
    #[error("Paystack is limiting our calls")]
    RateLimited {
        /// How long to wait, if Paystack said.
        retry_after: Option<Duration>,
    },
    /// The secret key was not accepted. A person must look.
    #[error("Paystack did not accept the secret key")]
    Unauthorized,
    /// No usable answer came, and the call may have taken effect.
    #[error("the call to Paystack may or may not have taken effect")]
    Unclear {
        /// What stood in the way of an answer.
        #[source]
        doubt: Doubt,
    },
    /// No connection could be made, so the call was surely not sent.
    #[error("Paystack could not be reached")]
    Unreachable {
        /// The connector's error.
        #[source]
        cause: Cause,
    },
    /// An answer came that is not in Paystack's form, for instance HTML from something in between.
    #[error("Paystack's answer was not understood: {what}")]
    Undecodable {
        /// Which part; never its content.
        what: &'static str,
    },
}

/// Why it is unknown whether a call took effect.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// A failure on Paystack's side.
    #[error("it answered HTTP {0}")]
    Status(u16),
    /// The time limit passed before the whole answer had come.
    #[error("no whole answer came in time")]
    TimedOut,
    /// The connection broke after the call was sent.
    #[error("the connection was lost")]
    Lost(#[source] Cause),
}

impl PaystackError {
    /// Whether the call may have taken effect although it failed. Before repeating a call that
    /// creates something, look it up: by reference, or by listing refunds. Reads never have an
    /// effect; of them this says only that nothing was learnt.
    pub fn is_unclear(&self) -> bool {
        match self {
            Self::Unclear { .. } | Self::Undecodable { .. } => true,
            Self::Refused { status, .. } => (200..300).contains(status),
            Self::DuplicateReference
            | Self::NotFound
            | Self::RateLimited { .. }
            | Self::Unauthorized
            | Self::Unreachable { .. } => false,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Unclear { .. }
            | Self::Unreachable { .. }
            | Self::Undecodable { .. } => true,
            Self::Refused { .. }
            | Self::DuplicateReference
            | Self::NotFound
            | Self::Unauthorized => false,
        }
    }

    /// The machine code of a refusal, such as `transaction_reversed`.
    pub fn refusal_code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            Self::DuplicateReference
            | Self::NotFound
            | Self::RateLimited { .. }
            | Self::Unauthorized
            | Self::Unclear { .. }
            | Self::Unreachable { .. }
            | Self::Undecodable { .. } => None,
        }
    }

    /// Sorts a failure of the transport. Only a failure to connect proves that nothing was sent.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            Self::Unreachable {
                cause: Box::new(error),
            }
        } else if error.is_timeout() {
            Self::Unclear {
                doubt: Doubt::TimedOut,
            }
        } else {
            Self::Unclear {
                doubt: Doubt::Lost(Box::new(error)),
            }
        }
    }
}
