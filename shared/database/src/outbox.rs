//! Announcements: written in the transaction of their cause, published by the relay, removed once
//! the broker has confirmed them.
//!
//! The relay claims rows for a while instead of holding their locks while it talks to the broker: no
//! transaction is open during a network call, and a relay that dies only delays its rows. A row that
//! is published twice (confirmed, then not removed) is absorbed by the consumers' inbox.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Event;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::DatabaseError;

/// An event on its way into the outbox.
#[derive(Debug, Clone)]
pub struct Announcement {
    event: Event,
    delay: Duration,
}

impl Announcement {
    /// An event that goes out at once.
    #[must_use]
    pub const fn now(event: Event) -> Self {
        Self {
            event,
            delay: Duration::ZERO,
        }
    }

    /// An event that goes out after a while, on the database's clock.
    #[must_use]
    pub const fn after(delay: Duration, event: Event) -> Self {
        Self { event, delay }
    }
}

impl From<Event> for Announcement {
    fn from(event: Event) -> Self {
        Self::now(event)
    }
}

/// Writes announcements into the caller's transaction: they go out if and only if it commits. They
/// carry the trace of what announces them.
///
/// # Errors
/// [`DatabaseError`].
pub async fn announce(
    connection: &mut PgConnection,
    occurred_at: DateTime<Utc>,
    correlation_id: &str,
    announcements: &[Announcement],
) -> Result<(), DatabaseError> {
    let ids: Vec<Uuid> = announcements.iter().map(|_| Uuid::now_v7()).collect();
    let types: Vec<String> = announcements
        .iter()
        .map(|a| a.event.event_type().to_owned())
        .collect();
    let versions: Vec<i16> = announcements
        .iter()
        .map(|a| i16::try_from(a.event.version()).unwrap_or(i16::MAX))
        .collect();
    let payloads: Vec<Value> = announcements.iter().map(|a| a.event.payload()).collect();
    let delays: Vec<i64> = announcements.iter().map(|a| millis(a.delay)).collect();
    let trace_parent = telemetry::trace_parent();
    sqlx::query!(
        r#"
        INSERT INTO outbox
            (message_id, type, version, payload, correlation_id, trace_parent, occurred_at, available_at)
        SELECT message_id, type, version, payload, $6, $8, $7, now() + delay * interval '1 millisecond'
        FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::jsonb[], $5::bigint[])
            AS a (message_id, type, version, payload, delay)
        "#,
        &ids,
        &types,
        &versions,
        &payloads,
        &delays,
        correlation_id,
        occurred_at,
        trace_parent,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message as it stands in the outbox.
#[derive(Debug, Clone)]
pub struct OutboxMessage {
    /// The message's identity, the same on every attempt.
    pub message_id: Uuid,
    /// 1 the first time.
    pub attempt: i32,
    /// Its type, which is its routing key.
    pub event_type: String,
    /// The version of its payload.
    pub version: i16,
    /// Ids, as JSON.
    pub payload: Value,
    /// The request that caused it.
    pub correlation_id: String,
    /// What announced it in its trace, where there is one (W3C `traceparent`).
    pub trace_parent: Option<String>,
    /// When its cause happened.
    pub occurred_at: DateTime<Utc>,
}

/// Claims up to `limit` messages that are due, for `lease`. Two relays never hold the same row
/// at a time.
///
/// # Errors
/// [`DatabaseError`].
pub async fn claim(
    connection: &mut PgConnection,
    limit: i64,
    lease: Duration,
) -> Result<Vec<OutboxMessage>, DatabaseError> {
    // Locks the due rows that nobody else is looking at just now; the locks end with the statement.
    let messages = sqlx::query_as!(
        OutboxMessage,
        r#"
        UPDATE outbox o
        SET claimed_until = now() + $2::bigint * interval '1 millisecond'
        FROM (
            SELECT message_id, attempt
            FROM outbox
            WHERE available_at <= now() AND (claimed_until IS NULL OR claimed_until <= now())
            ORDER BY available_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE o.message_id = due.message_id AND o.attempt = due.attempt
        RETURNING o.message_id, o.attempt, o.type AS event_type, o.version, o.payload,
                  o.correlation_id, o.trace_parent, o.occurred_at
        "#,
        limit,
        millis(lease),
    )
    .fetch_all(connection)
    .await?;
    Ok(messages)
}

/// Removes exactly these messages: the broker has them.
///
/// # Errors
/// [`DatabaseError`]; the messages will then go out once more.
pub async fn remove(
    connection: &mut PgConnection,
    confirmed: &[(Uuid, i32)],
) -> Result<(), DatabaseError> {
    let (ids, attempts): (Vec<Uuid>, Vec<i32>) = confirmed.iter().copied().unzip();
    sqlx::query!(
        r#"
        DELETE FROM outbox o
        USING unnest($1::uuid[], $2::integer[]) AS c (message_id, attempt)
        WHERE o.message_id = c.message_id AND o.attempt = c.attempt
        "#,
        &ids,
        &attempts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives messages back that the broker did not take; they are due again after `delay`.
///
/// # Errors
/// [`DatabaseError`]; they are then due when their claim ends.
pub async fn give_back(
    connection: &mut PgConnection,
    refused: &[(Uuid, i32)],
    delay: Duration,
) -> Result<(), DatabaseError> {
    let (ids, attempts): (Vec<Uuid>, Vec<i32>) = refused.iter().copied().unzip();
    sqlx::query!(
        r#"
        UPDATE outbox o
        SET claimed_until = NULL,
            due_at = coalesce(due_at, available_at),
            available_at = now() + $3::bigint * interval '1 millisecond'
        FROM unnest($1::uuid[], $2::integer[]) AS c (message_id, attempt)
        WHERE o.message_id = c.message_id AND o.attempt = c.attempt
        "#,
        &ids,
        &attempts,
        millis(delay),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a message that failed for now back, one attempt on, to go out after `delay`. The same
/// attempt put back twice (the message had been delivered twice) is one row.
///
/// # Errors
/// [`DatabaseError`].
pub async fn reschedule(
    connection: &mut PgConnection,
    message: &OutboxMessage,
    delay: Duration,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO outbox
            (message_id, attempt, type, version, payload, correlation_id, trace_parent, occurred_at,
             available_at)
        VALUES ($1, $2 + 1, $3, $4, $5, $6, $9, $7, now() + $8::bigint * interval '1 millisecond')
        ON CONFLICT (message_id, attempt) DO NOTHING
        "#,
        message.message_id,
        message.attempt,
        message.event_type,
        message.version,
        message.payload,
        message.correlation_id,
        message.occurred_at,
        millis(delay),
        message.trace_parent,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many seconds the oldest due message has waited, tries to publish it included; 0 where none
/// waits.
///
/// # Errors
/// [`DatabaseError`].
pub async fn oldest_due(connection: &mut PgConnection) -> Result<i64, DatabaseError> {
    let seconds = sqlx::query_scalar!(
        r#"
        SELECT coalesce(extract(epoch FROM now() - least(due, given_back)), 0)::bigint AS "seconds!"
        FROM (SELECT min(available_at) AS due FROM outbox WHERE available_at <= now()) d,
             (SELECT min(due_at) AS given_back FROM outbox WHERE due_at IS NOT NULL) g
        "#,
    )
    .fetch_one(connection)
    .await?;
    Ok(seconds)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
