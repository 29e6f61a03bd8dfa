//! The SQL that counts how frequent a search is.

use database::{DatabaseError, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::store_narrow::{push_named, push_priced};
use crate::window::Sample;
use crate::{Filters, Scope};

#[derive(sqlx::FromRow)]
struct Row {
    newest: i64,
    found: i64,
    matching: i64,
}

pub(crate) async fn sample(
    connection: &mut PgConnection,
    filters: &Filters,
    scope: &Scope,
    size: i64,
) -> Result<Sample, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_sample(&mut sql, filters, scope, size);
    let row: Row = sql
        .build_query_as()
        .persistent(false)
        .fetch_one(connection)
        .await?;
    let Row {
        newest,
        found,
        matching,
    } = row;
    Ok(Sample {
        newest,
        found,
        matching,
    })
}

/// Counted on `products_search_document_idx`; the products themselves are looked at for their price
/// only.
pub(crate) fn push_sample(
    sql: &mut QueryBuilder<Postgres>,
    filters: &Filters,
    scope: &Scope,
    size: i64,
) {
    sql.push("SELECT newest_serial() AS newest, count(*) AS found, count(*)");
    if filters.min_price.is_some() || filters.max_price.is_some() {
        sql.push(" FILTER (WHERE true");
        push_priced(sql, filters);
        sql.push(")");
    }
    sql.push(
        " AS matching FROM products p WHERE p.search_document @@ products_since(newest_serial() - ",
    )
    .push_bind(size)
    .push(")");
    push_named(sql, filters, scope);
}
