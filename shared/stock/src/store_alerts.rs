//! The SQL of those who wait.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::VariantId;
use uuid::Uuid;

pub(crate) struct NewAlert {
    pub(crate) id: Uuid,
    pub(crate) variant: VariantId,
    pub(crate) email: Vec<u8>,
    pub(crate) index: Vec<u8>,
    /// Under every key: they may have asked before the keys were rotated.
    pub(crate) known_as: Vec<Vec<u8>>,
}

/// Shares the lock of a variant's row: whoever tells those who wait comes before or after, never between.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<bool, DatabaseError> {
    let held = sqlx::query_scalar!(
        r#"
        SELECT s.variant_id
        FROM variant_stock s JOIN variants v ON v.id = s.variant_id
        WHERE s.variant_id = $1 AND v.archived_at IS NULL
        FOR SHARE OF s
        "#,
        variant.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    new: &NewAlert,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO stock_alerts (id, variant_id, email, email_index, created_at)
        SELECT $1, $2, $3, $4, $5
        WHERE NOT EXISTS (
            SELECT FROM stock_alerts
            WHERE variant_id = $2 AND email_index = ANY($6) AND notified_at IS NULL
        )
        ON CONFLICT DO NOTHING
        "#,
        new.id,
        new.variant.uuid(),
        new.email,
        new.index,
        at,
        &new.known_as,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Under the variant's lock; ids are in the order of asking.
pub(crate) async fn take(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    variant: VariantId,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        WITH waiting AS MATERIALIZED (
            SELECT id, email
            FROM stock_alerts
            WHERE variant_id = $1 AND notified_at IS NULL
            ORDER BY id
            LIMIT $3
            FOR UPDATE
        ),
        told AS (
            UPDATE stock_alerts a
            SET notified_at = $2, email = NULL, email_index = NULL
            FROM waiting w
            WHERE a.id = w.id
        )
        SELECT id, email AS "email!" FROM waiting ORDER BY id
        "#,
        variant.uuid(),
        at,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.email)).collect())
}
