//! Requests that must not be done twice.
//!
//! The key's row is written in the transaction of the effect, so there is no state in which the
//! effect happened and the key is unknown. The answer follows when it is complete (a payment's
//! address comes from the provider, after the commit); a repeat that finds the row without an
//! answer brings the interrupted request to its end instead of doing it again.

use chrono::{DateTime, Utc};
use domain::{Fault, Kind};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::DatabaseError;

/// The caller's key for one request.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The route and the caller; nobody reads another caller's answer.
    pub scope: String,
    /// What the caller chose.
    pub key: String,
    /// A hash of the request: the same key with another request is refused.
    pub request_hash: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the request is to be done now, in this transaction.
    New,
    /// It was done, but its answer never got complete; this is what it made.
    Unanswered(Uuid),
    /// It was done and answered: what it made, and the answer.
    Answered(Uuid, StoredAnswer),
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, byte for byte; holds no secret.
    pub body: String,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// It was used for another request.
    #[error("the idempotency key was used for another request")]
    OtherRequest,
    /// The first request with it is still being worked.
    #[error("the first request with this idempotency key is still being worked")]
    InFlight,
    /// The database.
    #[error("the idempotency key could not be looked up")]
    Database(#[source] DatabaseError),
}

impl Fault for IdempotencyError {
    fn kind(&self) -> Kind {
        match self {
            Self::OtherRequest => Kind::Invalid,
            Self::InFlight => Kind::Conflict,
            Self::Database(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OtherRequest => "idempotency_key_reused",
            Self::InFlight => "request_in_flight",
            Self::Database(error) => error.code(),
        }
    }
}

impl From<DatabaseError> for IdempotencyError {
    /// A simultaneous request with the same key holds its row until it commits; one that takes
    /// longer than the lock's limit is in flight.
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Locked(_) => Self::InFlight,
            DatabaseError::Unavailable(_)
            | DatabaseError::Refused(_)
            | DatabaseError::Unreadable(_)
            | DatabaseError::Amount(_)
            | DatabaseError::Missing(_) => Self::Database(error),
        }
    }
}

/// Looks a key up without taking it: the cheap question before any work.
///
/// # Errors
/// [`IdempotencyError::OtherRequest`]; the database.
pub async fn look_up(
    connection: &mut PgConnection,
    key: &IdempotencyKey,
) -> Result<Begun, IdempotencyError> {
    let row = sqlx::query!(
        r#"
        SELECT request_hash, resource_id, status, body
        FROM idempotency_keys WHERE scope = $1 AND key = $2
        "#,
        key.scope,
        key.key,
    )
    .fetch_optional(connection)
    .await
    .map_err(DatabaseError::from)?;
    let Some(row) = row else {
        return Ok(Begun::New);
    };
    if row.request_hash != key.request_hash {
        return Err(IdempotencyError::OtherRequest);
    }
    Ok(match (row.status, row.body) {
        (Some(status), Some(body)) => {
            let status = u16::try_from(status).unwrap_or(500);
            Begun::Answered(row.resource_id, StoredAnswer { status, body })
        }
        (None, _) | (_, None) => Begun::Unanswered(row.resource_id),
    })
}

/// Takes a key in the transaction of the effect. A simultaneous request with the same key waits
/// here until the other has committed, and then learns what it made.
///
/// # Errors
/// [`IdempotencyError`].
pub async fn begin(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    key: &IdempotencyKey,
    resource_id: Uuid,
) -> Result<Begun, IdempotencyError> {
    let taken = sqlx::query!(
        r#"
        INSERT INTO idempotency_keys (scope, key, request_hash, resource_id, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        "#,
        key.scope,
        key.key,
        key.request_hash,
        resource_id,
        now,
    )
    .execute(&mut *connection)
    .await
    .map_err(DatabaseError::from)?;
    if taken.rows_affected() == 1 {
        Ok(Begun::New)
    } else {
        look_up(connection, key).await
    }
}

/// Completes a key with its answer and returns the answer that counts: of two that complete the
/// same key, the first one's.
///
/// # Errors
/// [`DatabaseError`].
pub async fn complete(
    connection: &mut PgConnection,
    key: &IdempotencyKey,
    answer: &StoredAnswer,
) -> Result<StoredAnswer, DatabaseError> {
    let row = sqlx::query!(
        r#"
        UPDATE idempotency_keys
        SET status = coalesce(status, $3), body = coalesce(body, $4)
        WHERE scope = $1 AND key = $2
        RETURNING status AS "status!", body AS "body!"
        "#,
        key.scope,
        key.key,
        i16::try_from(answer.status).unwrap_or(500),
        answer.body,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(DatabaseError::Missing("idempotency key"))?;
    Ok(StoredAnswer {
        status: u16::try_from(row.status).unwrap_or(500),
        body: row.body,
    })
}
