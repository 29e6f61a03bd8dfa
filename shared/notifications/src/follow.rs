//! Following what staff should see.
//!
//! Events have one order, by transaction and then by id, and are shown only up to the oldest
//! transaction that still runs: whatever could come to stand before them has ended. So whoever asks
//! again and again for what follows the last event they saw meets each event once, in that order,
//! however the transactions that wrote them overlapped. The price is that a transaction that stays
//! open, whatever it does, holds back every event that began after it; one of a function is ended by
//! the server after seconds (migrations/0007), a migration is not.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use serde_json::Value;

use crate::store_activity as store;

/// How many events are read at once.
pub const MOST_AT_ONCE: i64 = 100;
/// How many events whoever has seen none is shown: the newest.
pub const AT_FIRST: i64 = 50;

/// An event's place in the order of all events: `<transaction>-<id>`. Opaque to clients, not secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityId {
    pub(crate) transaction: u64,
    pub(crate) id: i64,
}

/// What was to be an event's id has never been one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActivityIdError {
    /// It is not of the form of one.
    #[error("must be the id of an event")]
    Malformed,
}

domain::fault! {
    ActivityIdError { Malformed => Invalid "invalid_event_id" }
}

impl FromStr for ActivityId {
    type Err = ActivityIdError;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ActivityIdError> {
        let (transaction, id) = text.split_once('-').ok_or(ActivityIdError::Malformed)?;
        let read = transaction.parse().ok().zip(id.parse().ok());
        let read = read.map(|(transaction, id)| Self { transaction, id });
        // Signs and leading zeroes would give one event several ids.
        read.filter(|read| read.id >= 0 && read.to_string() == text)
            .ok_or(ActivityIdError::Malformed)
    }
}

impl fmt::Display for ActivityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.transaction, self.id)
    }
}

/// An event as staff see it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenActivity {
    /// Its place among all events.
    pub id: ActivityId,
    /// What happened: `order_paid`, `payment_unmatched` …
    pub kind: String,
    /// Whether somebody has to act.
    pub alert: bool,
    /// Ids, numbers and amounts; no personal data.
    pub detail: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// Reads what follows `after`, at most [`MOST_AT_ONCE`] events; or, after nothing, the newest
/// [`AT_FIRST`]. The oldest come first. It wants a connection without a transaction, for two statements
/// of which the later sees what had ended before the earlier.
///
/// An id from beyond what has begun in this database, as one from before it was restored, counts as
/// none.
///
/// # Errors
/// [`DatabaseError`].
pub async fn follow(
    connection: &mut PgConnection,
    after: Option<ActivityId>,
) -> Result<Vec<SeenActivity>, DatabaseError> {
    let progress = store::progress(connection).await?;
    if let Some(after) = after.filter(|after| after.transaction < progress.begun_below) {
        return store::activity_after(connection, &progress, after, MOST_AT_ONCE).await;
    }
    let mut newest = store::newest_activity(connection, &progress, AT_FIRST).await?;
    newest.reverse();
    Ok(newest)
}

#[cfg(test)]
mod tests;
