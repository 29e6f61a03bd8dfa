//! Which message a consumer has worked.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::DatabaseError;

/// Notes, in the transaction of the effect, that a consumer works a message, and answers whether
/// this is the first time. A simultaneous repeat waits here until the first has committed.
///
/// # Errors
/// [`DatabaseError`].
pub async fn first_time(
    connection: &mut PgConnection,
    consumer: &str,
    message_id: Uuid,
) -> Result<bool, DatabaseError> {
    let noted = sqlx::query!(
        "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        consumer,
        message_id,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Whether a consumer has worked a message: the cheap question before work that calls others.
///
/// # Errors
/// [`DatabaseError`].
pub async fn was_worked(
    connection: &mut PgConnection,
    consumer: &str,
    message_id: Uuid,
) -> Result<bool, DatabaseError> {
    let worked = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND message_id = $2) AS "worked!""#,
        consumer,
        message_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(worked)
}
