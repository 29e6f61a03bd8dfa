use std::error::Error;
use std::time::Duration;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a call to Twilio did not give what was asked, in terms of what is now known.
///
/// Twilio's words are not kept: they often repeat the recipient's number.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// This message will never be accepted as it is: a number that is none, that is no mobile, that
    /// cannot be reached, or a text that is too long.
    #[error("Twilio refused the message for good (error {code})")]
    Permanent {
        /// Twilio's error code.
        code: u32,
    },
    /// The recipient said STOP. Send nothing more to the number from this sender (21610).
    #[error("the recipient has opted out")]
    OptedOut,
    /// The account, the sender or the settings do not allow it, whatever the message. Tell a
    /// person, keep the message, try again rarely.
    #[error("Twilio does not work with our account or sender{}", shown(*code))]
    Configuration {
        /// Twilio's error code, if it gave one.
        code: Option<u32>,
    },
    /// Too many calls, or the sender's queue is full. The message was not taken.
    #[error("Twilio is limiting our calls")]
    RateLimited {
        /// How long to wait, if Twilio said.
        retry_after: Option<Duration>,
    },
    /// No usable answer came, and the message may have been taken.
    #[error("Twilio may or may not have taken the message")]
    Unclear {
        /// What stood in the way of an answer.
        #[source]
        doubt: Doubt,
    },
    /// No connection could be made, so the message was surely not sent.
    #[error("Twilio could not be reached")]
    Unreachable {
        /// The connector's error.
        #[source]
        cause: Cause,
    },
    /// There is no such message.
    #[error("Twilio has no such message")]
    NotFound,
}

fn shown(code: Option<u32>) -> String {
    code.map(|code| format!(" (error {code})"))
        .unwrap_or_default()
}

/// Why it is unknown whether a message was taken.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// A failure on Twilio's side, or an answer under a status that it does not use.
    #[error("it answered HTTP {0}")]
    Status(u16),
    /// The time limit passed before the whole answer had come.
    #[error("no whole answer came in time")]
    TimedOut,
    /// The connection broke after the call was sent.
    #[error("the connection was lost")]
    Lost(#[source] Cause),
    /// An answer came that is not in Twilio's form.
    #[error("its answer was not understood: {what}")]
    Undecodable {
        /// Which part; never its content.
        what: &'static str,
    },
}

impl TwilioError {
    /// Whether the message may have been taken although the call failed: look for it before
    /// sending it again. Reads never have an effect; of them this says that nothing was learnt.
    pub fn is_unclear(&self) -> bool {
        matches!(self, Self::Unclear { .. })
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unclear { .. } | Self::Unreachable { .. } => true,
            Self::Permanent { .. }
            | Self::OptedOut
            | Self::Configuration { .. }
            | Self::NotFound => false,
        }
    }

    pub(crate) fn undecodable(what: &'static str) -> Self {
        Self::Unclear {
            doubt: Doubt::Undecodable { what },
        }
    }

    /// Sorts a failure of the transport. Only a failure to connect proves that nothing was sent.
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        // The address of a search holds the recipient's number.
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
