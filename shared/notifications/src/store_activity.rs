//! The SQL of following what staff should see.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::Unreadable;
use serde_json::Value;

use crate::{ActivityId, SeenActivity};

/// How far the writing of events has come, in transactions.
pub(crate) struct Progress {
    /// Every one below this that may write events has ended.
    pub(crate) complete_below: u64,
    /// Every one from this on had not begun.
    pub(crate) begun_below: u64,
}

/// A snapshot knows the running transactions of the whole cluster. One that is found in a session of
/// another database will never write here, and holds nothing back. One that has ended since the
/// snapshot was taken is not found any more, and counts as running.
pub(crate) async fn progress(connection: &mut PgConnection) -> Result<Progress, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT coalesce((
                   SELECT running FROM pg_snapshot_xip(snapshot) AS running
                   WHERE NOT EXISTS (
                       SELECT FROM pg_locks held JOIN pg_stat_activity session USING (pid)
                       WHERE held.transactionid = running::xid AND held.mode = 'ExclusiveLock'
                         AND held.granted AND session.datname <> current_database())
                   ORDER BY running LIMIT 1
               ), pg_snapshot_xmax(snapshot))::text AS "complete_below!",
               pg_snapshot_xmax(snapshot)::text AS "begun_below!"
        FROM pg_current_snapshot() AS snapshot
        "#,
    )
    .fetch_one(connection)
    .await?;
    Ok(Progress {
        complete_below: transaction(row.complete_below)?,
        begun_below: transaction(row.begun_below)?,
    })
}

pub(crate) async fn activity_after(
    connection: &mut PgConnection,
    progress: &Progress,
    after: ActivityId,
    limit: i64,
) -> Result<Vec<SeenActivity>, DatabaseError> {
    let rows = sqlx::query_as!(
        ActivityRow,
        r#"
        SELECT transaction::text AS "transaction!", id, kind, alert, detail, at
        FROM activity
        WHERE (transaction, id) > ($1::text::xid8, $2) AND transaction < $3::text::xid8
        ORDER BY activity.transaction, id
        LIMIT $4
        "#,
        after.transaction.to_string(),
        after.id,
        progress.complete_below.to_string(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(SeenActivity::try_from).collect()
}

/// The newest first.
pub(crate) async fn newest_activity(
    connection: &mut PgConnection,
    progress: &Progress,
    limit: i64,
) -> Result<Vec<SeenActivity>, DatabaseError> {
    let rows = sqlx::query_as!(
        ActivityRow,
        r#"
        SELECT transaction::text AS "transaction!", id, kind, alert, detail, at
        FROM activity
        WHERE transaction < $1::text::xid8
        ORDER BY activity.transaction DESC, id DESC
        LIMIT $2
        "#,
        progress.complete_below.to_string(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(SeenActivity::try_from).collect()
}

struct ActivityRow {
    transaction: String,
    id: i64,
    kind: String,
    alert: bool,
    detail: Value,
    at: DateTime<Utc>,
}

impl TryFrom<ActivityRow> for SeenActivity {
    type Error = DatabaseError;

    fn try_from(row: ActivityRow) -> Result<Self, DatabaseError> {
        let id = ActivityId {
            transaction: transaction(row.transaction)?,
            id: row.id,
        };
        Ok(Self {
            id,
            kind: row.kind,
            alert: row.alert,
            detail: row.detail,
            at: row.at,
        })
    }
}

/// The driver knows no `xid8`, so they travel as text.
fn transaction(text: String) -> Result<u64, Unreadable> {
    text.parse().map_err(|_| Unreadable {
        what: "xid8",
        word: text,
    })
}
