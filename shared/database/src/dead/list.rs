//! Dead messages page by page.

use domain::DeadMessageState;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Parked, Row};
use crate::DatabaseError;

/// The largest body that a list reads, in bytes; the shop's own messages have some hundred.
pub const LISTED_BODY: i64 = 64 * 1024;

/// Which messages a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this queue.
    pub queue: Option<String>,
    /// In this state.
    pub state: Option<DeadMessageState>,
    /// Of this type.
    pub event_type: Option<String>,
}

/// Reads at most `limit` messages, the newest first, those after `after` in that order.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Parked>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_list(&mut sql, filter, after, limit);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Parked::try_from).collect()
}

/// Each selection of filters is a statement of its own, so that each has an index to walk.
fn push_list(sql: &mut QueryBuilder<Postgres>, filter: &Filter, after: Option<Uuid>, limit: i64) {
    sql.push(
        "SELECT id, queue, message_id, type AS event_type, attempt, error, parked_at, resolution,
                resolved_at, resolved_by, resolution_reason, octet_length(body)::bigint AS size,
                encode(sha256(body), 'hex') AS sha256,
                CASE WHEN octet_length(body) <= ",
    );
    sql.push_bind(LISTED_BODY)
        .push(" THEN body END AS body FROM dead_messages WHERE true");
    if let Some(queue) = &filter.queue {
        sql.push(" AND queue = ").push_bind(queue.clone());
    }
    if let Some(event_type) = &filter.event_type {
        sql.push(" AND type = ").push_bind(event_type.clone());
    }
    match filter.state {
        None => {}
        Some(DeadMessageState::Open) => drop(sql.push(" AND resolution IS NULL")),
        Some(state) => drop(sql.push(" AND resolution = ").push_bind(state.as_str())),
    }
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
}

#[cfg(test)]
mod tests;
