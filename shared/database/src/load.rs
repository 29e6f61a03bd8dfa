//! How full the server is.

use sqlx::PgConnection;

use crate::DatabaseError;

/// The server's sessions: everybody's, of all databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    /// How many there are.
    pub open: i64,
    /// How many there may be, without those kept for the server's own administrators.
    pub limit: i64,
}

/// Counts the server's sessions; any role may ask.
///
/// # Errors
/// [`DatabaseError`].
pub async fn sessions(connection: &mut PgConnection) -> Result<Sessions, DatabaseError> {
    let sessions = sqlx::query_as!(
        Sessions,
        r#"
        SELECT (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database)::bigint AS "open!",
               current_setting('max_connections')::bigint
                   - current_setting('superuser_reserved_connections')::bigint AS "limit!"
        "#,
    )
    .fetch_one(connection)
    .await?;
    Ok(sessions)
}
