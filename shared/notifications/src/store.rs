//! The SQL of messages.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{Cause, NotificationId, OrderId};
use sealing::Place;
use uuid::Uuid;

use crate::{Activity, Letter, Outcome};

pub(crate) fn place_of<'a>(column: &'static str, row: &'a Uuid) -> Place<'a> {
    Place {
        table: "notifications",
        column,
        row: row.as_bytes(),
    }
}

pub(crate) struct NewRow<'a> {
    pub(crate) id: NotificationId,
    pub(crate) order: Option<OrderId>,
    pub(crate) letter: &'a Letter,
    pub(crate) dedupe_key: &'a str,
    pub(crate) recipient: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    new: &NewRow<'_>,
) -> Result<bool, DatabaseError> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO notifications
            (id, kind, channel, dedupe_key, order_id, recipient, data, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (dedupe_key) DO NOTHING
        "#,
        new.id.uuid(),
        new.letter.content.kind(),
        new.letter.recipient.channel().as_str(),
        new.dedupe_key,
        new.order.map(OrderId::uuid),
        new.recipient,
        new.data,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(crate) struct Row {
    pub(crate) status: String,
    pub(crate) sending_since: Option<DateTime<Utc>>,
    pub(crate) recipient: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: NotificationId,
) -> Result<Row, DatabaseError> {
    // Locks the message until the transaction ends: of two senders one waits and then finds it taken.
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT status, sending_since, recipient, data
        FROM notifications WHERE id = $1 FOR UPDATE
        "#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.ok_or(DatabaseError::Missing("notification"))
}

pub(crate) async fn mark_sending(
    connection: &mut PgConnection,
    cause: &Cause,
    id: NotificationId,
    unclear_since: Option<DateTime<Utc>>,
) -> Result<i32, DatabaseError> {
    let attempt = sqlx::query_scalar!(
        r#"
        UPDATE notifications
        SET status = 'sending', attempts = attempts + 1, sending_since = coalesce($3, $2::timestamptz)
        WHERE id = $1
        RETURNING attempts
        "#,
        id.uuid(),
        cause.at,
        unclear_since,
    )
    .fetch_one(connection)
    .await?;
    Ok(attempt)
}

pub(crate) async fn finish(
    connection: &mut PgConnection,
    cause: &Cause,
    id: NotificationId,
    outcome: &Outcome,
) -> Result<(), DatabaseError> {
    let (status, provider_id, error) = match outcome {
        Outcome::Sent {
            provider_message_id,
        } => ("sent", provider_message_id.as_deref(), None),
        Outcome::Later { error } | Outcome::Unclear { error } => ("requested", None, Some(error)),
        Outcome::Never { error } => ("failed", None, Some(error)),
    };
    let unclear = matches!(outcome, Outcome::Unclear { .. });
    sqlx::query!(
        r#"
        UPDATE notifications
        SET status = $2, provider_message_id = coalesce($3, provider_message_id), error = $4,
            sending_since = CASE WHEN $5 THEN sending_since END,
            sent_at = CASE WHEN $2 = 'sent' THEN $6::timestamptz END
        WHERE id = $1 AND status = 'sending'
        "#,
        id.uuid(),
        status,
        provider_id,
        error,
        unclear,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn tell_staff(
    connection: &mut PgConnection,
    cause: &Cause,
    activity: &Activity,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "INSERT INTO activity (kind, alert, detail, at) VALUES ($1, $2, $3, $4)",
        activity.kind,
        activity.alert,
        activity.detail,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
