//! Messages that cannot be worked.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::DatabaseError;

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

/// Puts a message aside. The same attempt put aside twice is one row.
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
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (queue, message_id, attempt) DO NOTHING
        "#,
        Uuid::now_v7(),
        message.queue,
        message.message_id,
        message.event_type,
        message.attempt,
        message.body,
        message.error,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
