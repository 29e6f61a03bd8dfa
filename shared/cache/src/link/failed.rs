use std::sync::Arc;

use redis::{ErrorKind, RedisError};

use super::OPERATION_LIMIT;

/// Why there was no answer; for the trace and for what to do next, never for a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("Redis has no usable address")]
    Address(#[source] Arc<RedisError>),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
    #[error("Redis could not be reached")]
    Unreachable(#[source] Arc<Failed>),
    #[error("Redis did not answer within {} ms", OPERATION_LIMIT.as_millis())]
    Slow,
    #[error("the connecting task has ended")]
    Ended,
}

impl Failed {
    /// Whether the password is wrong, or one is wanted.
    pub(super) fn refuses_us(&self) -> bool {
        self.redis().is_some_and(|error| {
            error.kind() == ErrorKind::AuthenticationFailed || error.code() == Some("NOAUTH")
        })
    }

    /// Whether nobody listens at the address.
    pub(super) fn is_nobody_there(&self) -> bool {
        self.redis().is_some_and(RedisError::is_connection_refusal)
    }

    /// Whether Redis answered, in time, that it has no room: it can be asked further.
    pub(super) fn is_full(&self) -> bool {
        self.redis()
            .is_some_and(|error| error.code() == Some("OOM"))
    }

    fn redis(&self) -> Option<&RedisError> {
        match self {
            Self::Redis(error) => Some(error),
            Self::Unreachable(cause) => cause.redis(),
            Self::Address(_) | Self::Slow | Self::Ended => None,
        }
    }
}
