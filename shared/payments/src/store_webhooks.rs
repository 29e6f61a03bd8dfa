//! The SQL of the provider's webhooks.

use database::{DatabaseError, PgConnection};
use domain::{Cause, WebhookId};
use sealing::Place;
use uuid::Uuid;

pub(crate) fn place_of(row: &Uuid) -> Place<'_> {
    Place {
        table: "webhook_inbox",
        column: "body",
        row: row.as_bytes(),
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    id: WebhookId,
    event: &str,
    key: &str,
    body: &[u8],
) -> Result<bool, DatabaseError> {
    let times = sqlx::query_scalar!(
        r#"
        INSERT INTO webhook_inbox AS w (id, provider, event, key, body, received_at)
        VALUES ($1, 'paystack', $2, $3, $4, $5)
        ON CONFLICT (provider, key) DO UPDATE SET times = w.times + 1
        RETURNING times
        "#,
        id.uuid(),
        event,
        key,
        body,
        cause.at,
    )
    .fetch_one(connection)
    .await?;
    Ok(times == 1)
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: WebhookId,
) -> Result<(String, String, Vec<u8>), DatabaseError> {
    let row = sqlx::query!(
        "SELECT event, key, body FROM webhook_inbox WHERE id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(DatabaseError::Missing("webhook"))?;
    Ok((row.event, row.key, row.body))
}
