//! Messages that cannot be worked: put aside by consumers, seen and decided on by staff.
//!
//! A message is dead once for each queue and attempt. When it is replayed it goes out as a later
//! attempt, so that failing again makes a row of its own and never hides behind the one that was
//! decided on.

mod list;

use chrono::{DateTime, Utc};
use domain::{Cause, DeadMessageState, Reason};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::DatabaseError;

pub use list::{Filter, LISTED_BODY, list};

/// A message to be put aside for staff.
#[derive(Debug, Clone)]
pub struct DeadMessage<'a> {
    /// The queue it came from.
    pub queue: &'a str,
    /// Its identity, where it could be read.
    pub message_id: Option<Uuid>,
    /// Its type, where it could be read.
    pub event_type: Option<&'a str>,
    /// The attempt that failed last; 1 where it could not be read.
    pub attempt: i32,
    /// The bytes as they came.
    pub body: &'a [u8],
    /// Why: the chain of the error, without personal data.
    pub error: &'a str,
}

/// Puts a message aside. The same attempt put aside twice is one row, and so are the same bytes that
/// are no message while nobody has decided on them: a batch may come again.
///
/// # Errors
/// [`DatabaseError`].
pub async fn park(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    message: &DeadMessage<'_>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO dead_messages (id, queue, message_id, type, attempt, body, error, parked_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8
        WHERE $3::uuid IS NOT NULL OR NOT EXISTS (
            SELECT FROM dead_messages
            WHERE queue = $2 AND message_id IS NULL AND body = $6 AND resolution IS NULL)
        ON CONFLICT (queue, message_id, attempt) DO NOTHING
        "#,
        Uuid::now_v7(),
        message.queue,
        message.message_id,
        message.event_type.map(storable),
        message.attempt,
        message.body,
        storable(message.error),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What came from outside may hold the one character that Postgres cannot store as text; a message
/// that could not even be put aside would hold up its whole queue.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// A message that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its place in the list, newest first.
    pub id: Uuid,
    /// The queue it came from.
    pub queue: String,
    /// Its identity, where it could be read.
    pub message_id: Option<Uuid>,
    /// Its type, where it could be read.
    pub event_type: Option<String>,
    /// The attempt that failed last.
    pub attempt: i32,
    /// Why.
    pub error: String,
    /// When.
    pub parked_at: DateTime<Utc>,
    /// How many bytes it has.
    pub size: i64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// The bytes as they came; a list leaves out what is larger than [`LISTED_BODY`].
    pub body: Option<Vec<u8>>,
    /// What staff decided, if they have.
    pub decision: Option<Decision>,
}

/// What staff decided about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Replayed or discarded.
    pub state: DeadMessageState,
    /// When.
    pub at: DateTime<Utc>,
    /// The sign of who decided.
    pub by: String,
    /// Why it was discarded.
    pub reason: Option<String>,
}

impl Parked {
    /// What has become of it.
    #[must_use]
    pub fn state(&self) -> DeadMessageState {
        let decided = self.decision.as_ref();
        decided.map_or(DeadMessageState::Open, |decision| decision.state)
    }
}

/// Reads a message whole and locks it until the transaction ends: of two who decide at once, the
/// second sees what the first decided.
///
/// # Errors
/// [`DatabaseError`].
pub async fn lock(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Parked>, DatabaseError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, queue, message_id, type AS event_type, attempt, error, parked_at, resolution,
               resolved_at, resolved_by, resolution_reason, octet_length(body)::bigint AS "size!",
               encode(sha256(body), 'hex') AS "sha256!", body AS "body?"
        FROM dead_messages WHERE id = $1
        FOR UPDATE
        "#,
        id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Parked::try_from).transpose()
}

/// Writes down that a message, [locked](lock) and open, was replayed.
///
/// # Errors
/// [`DatabaseError`]; [`DatabaseError::Missing`] where it is not open.
pub async fn replayed(
    connection: &mut PgConnection,
    cause: &Cause,
    id: Uuid,
) -> Result<Decision, DatabaseError> {
    decide(connection, cause, id, DeadMessageState::Replayed, None).await
}

/// Writes down that a message, [locked](lock) and open, is not needed.
///
/// # Errors
/// [`DatabaseError`]; [`DatabaseError::Missing`] where it is not open.
pub async fn discarded(
    connection: &mut PgConnection,
    cause: &Cause,
    id: Uuid,
    reason: &Reason,
) -> Result<Decision, DatabaseError> {
    let state = DeadMessageState::Discarded;
    decide(connection, cause, id, state, Some(reason.as_str())).await
}

async fn decide(
    connection: &mut PgConnection,
    cause: &Cause,
    id: Uuid,
    state: DeadMessageState,
    reason: Option<&str>,
) -> Result<Decision, DatabaseError> {
    let decided = sqlx::query!(
        r#"
        UPDATE dead_messages
        SET resolution = $2, resolved_at = $3, resolved_by = $4, resolution_reason = $5
        WHERE id = $1 AND resolution IS NULL
        "#,
        id,
        state.as_str(),
        cause.at,
        cause.actor,
        reason,
    )
    .execute(connection)
    .await?;
    if decided.rows_affected() != 1 {
        return Err(DatabaseError::Missing("open dead message"));
    }
    Ok(Decision {
        state,
        at: cause.at,
        by: cause.actor.clone(),
        reason: reason.map(ToOwned::to_owned),
    })
}

/// How many messages wait for a decision.
///
/// # Errors
/// [`DatabaseError`].
pub async fn count_open(connection: &mut PgConnection) -> Result<i64, DatabaseError> {
    let open = sqlx::query_scalar!(
        r#"SELECT count(*) AS "open!" FROM dead_messages WHERE resolution IS NULL"#
    )
    .fetch_one(connection)
    .await?;
    Ok(open)
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    queue: String,
    message_id: Option<Uuid>,
    event_type: Option<String>,
    attempt: i32,
    error: String,
    parked_at: DateTime<Utc>,
    resolution: Option<String>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    resolution_reason: Option<String>,
    size: i64,
    sha256: String,
    body: Option<Vec<u8>>,
}

impl TryFrom<Row> for Parked {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let decision = match (row.resolution, row.resolved_at, row.resolved_by) {
            (Some(word), Some(at), Some(by)) => Some(Decision {
                state: crate::read_word(&word)?,
                at,
                by,
                reason: row.resolution_reason,
            }),
            // The table has a CHECK: complete or not at all.
            (_, _, _) => None,
        };
        Ok(Self {
            id: row.id,
            queue: row.queue,
            message_id: row.message_id,
            event_type: row.event_type,
            attempt: row.attempt,
            error: row.error,
            parked_at: row.parked_at,
            size: row.size,
            sha256: row.sha256,
            body: row.body,
            decision,
        })
    }
}
