//! What can go wrong between the shop and Postgres, as far as anyone can act on it.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Fault, Kind, Unreadable};

/// An error of the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection, or none in time; the server is starting, stopping, full or read-only; a
    /// statement ran into its limit. Nothing was committed, unless it happened *at* the commit.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// A row was locked for longer than the limit, or two transactions waited for each other.
    #[error("a row was locked for too long")]
    Locked(#[source] sqlx::Error),
    /// The server refused a statement: a constraint, or a mistake of ours.
    #[error("the database refused a statement")]
    Refused(#[source] sqlx::Error),
    /// A row holds a word this code does not know.
    #[error("a stored value cannot be read")]
    Unreadable(#[from] Unreadable),
    /// A row holds an amount that is none.
    #[error("a stored amount cannot be read")]
    Amount(#[from] domain::MoneyError),
    /// A row that must be there is not.
    #[error("no {0} where one must be")]
    Missing(&'static str),
}

impl DatabaseError {
    /// The name of the constraint that a statement broke.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Refused(sqlx::Error::Database(error)) => error.constraint(),
            Self::Refused(_)
            | Self::Unavailable(_)
            | Self::Locked(_)
            | Self::Unreadable(_)
            | Self::Amount(_)
            | Self::Missing(_) => None,
        }
    }

    /// Whether a value holds what Postgres cannot store as text: the character U+0000, which JSON may
    /// spell (22P05 untranslatable_character, 22021 character_not_in_repertoire).
    #[must_use]
    pub fn is_unstorable(&self) -> bool {
        let Self::Refused(sqlx::Error::Database(error)) = self else {
            return false;
        };
        matches!(error.code().as_deref(), Some("22P05" | "22021"))
    }
}

impl Fault for DatabaseError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable(_) | Self::Locked(_) => Kind::Unavailable,
            Self::Refused(_) | Self::Unreadable(_) | Self::Amount(_) | Self::Missing(_) => {
                Kind::Bug
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) | Self::Locked(_) => "database_unavailable",
            Self::Refused(_) | Self::Unreadable(_) | Self::Amount(_) | Self::Missing(_) => {
                "internal_error"
            }
        }
    }
}

/// Whether the server does not let us in: a wrong password, or a role that may not log in.
pub(crate) fn refuses_us(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error().and_then(|error| error.code());
    matches!(refusal.as_deref(), Some("28000" | "28P01"))
}

/// How often a connection has failed; a connection that was lent meanwhile is not trusted again.
pub(crate) fn suspicions() -> u64 {
    SUSPICIONS.load(Ordering::Relaxed)
}

static SUSPICIONS: AtomicU64 = AtomicU64::new(0);

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let error = Self::classify(error);
        if matches!(error, Self::Unavailable(_)) {
            SUSPICIONS.fetch_add(1, Ordering::Relaxed);
            metrics::counter!(telemetry::metric::DATABASE_UNAVAILABLE).increment(1);
        }
        error
    }
}

impl DatabaseError {
    fn classify(error: sqlx::Error) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "sqlx::Error is non-exhaustive"
        )]
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                // lock_not_available, serialization_failure, deadlock_detected
                Some("55P03" | "40001" | "40P01") => Self::Locked(error),
                // query_canceled (statement_timeout), idle_session_timeout, read_only_sql_transaction
                Some("57014" | "57P05" | "25006") => Self::Unavailable(error),
                // connection exceptions, operator intervention, insufficient resources
                Some(code)
                    if ["08", "57", "53"]
                        .iter()
                        .any(|class| code.starts_with(class)) =>
                {
                    Self::Unavailable(error)
                }
                // idle_in_transaction_session_timeout; a wrong password is a credential being rotated
                Some("25P03" | "28000" | "28P01") => Self::Unavailable(error),
                Some(_) | None => Self::Refused(error),
            },
            _ => Self::Refused(error),
        }
    }
}
