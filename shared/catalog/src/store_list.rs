//! The SQL that lists products.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::cursor::{Key, Turn};
use crate::search::Words;
use crate::store_dressed::Found;
use crate::store_narrow::{
    FEW_CATEGORIES, push_categories, push_matching, push_since, push_sought,
};
use crate::window::AT_MOST;
use crate::{Cursor, ProductQuery, Scope, Sort};

/// A product on a page, with its place in the list.
#[derive(sqlx::FromRow)]
pub(crate) struct Placed {
    #[sqlx(flatten)]
    pub(crate) found: Found,
    published_at: DateTime<Utc>,
    rank: i64,
}

const COLUMNS: &str = "p.id, p.slug, p.name, p.category_id, p.lowest_price, p.compare_at_price, \
                       p.currency, p.published_at";

pub(crate) async fn page(
    connection: &mut PgConnection,
    query: &ProductQuery,
    scope: &Scope,
    limit: i64,
) -> Result<Vec<Placed>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_page(&mut sql, query, scope, limit);
    // What is looked for is planned anew: how many products have it decides the plan.
    let filters = &query.filters;
    let priced = filters.min_price.is_some() || filters.max_price.is_some();
    let varies = scope.words.is_some() || priced || !filters.options.is_empty();
    let found = sql
        .build_query_as()
        .persistent(!varies)
        .fetch_all(connection)
        .await?;
    Ok(found)
}

/// The page is picked from the products alone, on the index of its order; only what is picked is
/// joined with its category and picture.
pub(crate) fn push_page(
    sql: &mut QueryBuilder<Postgres>,
    query: &ProductQuery,
    scope: &Scope,
    limit: i64,
) {
    sql.push(
        "SELECT p.id, p.slug, p.name, p.lowest_price, p.compare_at_price, p.currency, \
         p.published_at, p.rank, c.slug AS category_slug, c.name AS category_name, i.url AS image_url, i.alt AS image_alt FROM (",
    );
    match (query.sort, &scope.words, &scope.categories) {
        (Sort::Relevance, Some(words), _) => {
            push_ranked(sql, query, words, scope);
            push_end(sql, query, limit);
        }
        (_, None, Some(categories)) if categories.len() <= FEW_CATEGORIES => {
            push_merged(sql, query, scope, limit);
        }
        (_, _, _) => {
            push_walked(sql, query, scope);
            push_categories(sql, scope);
            push_end(sql, query, limit);
        }
    }
    sql.push(
        ") p JOIN categories c ON c.id = p.category_id LEFT JOIN LATERAL (SELECT url, alt FROM \
         product_images WHERE product_id = p.id AND uploaded_at IS NOT NULL ORDER BY position, id LIMIT 1) i ON true ORDER BY ",
    );
    sql.push(order(query));
}

/// The products in the order of the list, each as it is met.
fn push_walked(sql: &mut QueryBuilder<Postgres>, query: &ProductQuery, scope: &Scope) {
    sql.push("SELECT ")
        .push(COLUMNS)
        .push(", 0::bigint AS rank FROM products p WHERE ");
    push_matching(sql, &query.filters, scope);
}

/// The first of each category, merged: products of one category may lie far apart in the order of all.
fn push_merged(sql: &mut QueryBuilder<Postgres>, query: &ProductQuery, scope: &Scope, limit: i64) {
    let categories = scope.categories.clone().unwrap_or_default();
    sql.push("SELECT p.* FROM UNNEST(")
        .push_bind(categories)
        .push("::uuid[]) AS c (id) CROSS JOIN LATERAL (");
    push_walked(sql, query, scope);
    sql.push(" AND p.category_id = c.id");
    push_end(sql, query, limit);
    sql.push(") p ORDER BY ")
        .push(order(query))
        .push(" LIMIT ")
        .push_bind(limit);
}

/// The newest that match, the best match first. A rank is a whole number, so that the next page can
/// begin exactly after it. What was ranked on the first page is ranked on every page, with what was
/// published since.
fn push_ranked(
    sql: &mut QueryBuilder<Postgres>,
    query: &ProductQuery,
    words: &Words,
    scope: &Scope,
) {
    sql.push("SELECT p.* FROM (SELECT ")
        .push(COLUMNS)
        .push(", (ts_rank(p.search_document, ");
    push_sought(sql, words);
    sql.push(") * 1000000)::bigint AS rank FROM (SELECT ");
    sql.push(COLUMNS)
        .push(", p.search_document FROM products p WHERE ");
    push_matching(sql, &query.filters, scope);
    push_categories(sql, scope);
    push_since(sql, scope.meaning.since);
    sql.push(" ORDER BY p.published_at DESC, p.id DESC LIMIT ")
        .push_bind(AT_MOST * query.reach.ranked);
    sql.push(") p) p WHERE true");
}

/// From the cursor on, so many.
fn push_end(sql: &mut QueryBuilder<Postgres>, query: &ProductQuery, limit: i64) {
    if let Some(cursor) = &query.cursor {
        push_place(sql, query, cursor);
    }
    sql.push(" ORDER BY ")
        .push(order(query))
        .push(" LIMIT ")
        .push_bind(limit);
}

/// The order in which the page is read: backwards for one that ends at its cursor. Each is that of an
/// index (migrations/0001), read from either end, except the rank's.
fn order(query: &ProductQuery) -> &'static str {
    let backwards = query.turn().is_back();
    match (query.sort, backwards) {
        (Sort::Relevance, false) => "p.rank DESC, p.id DESC",
        (Sort::Relevance, true) => "p.rank, p.id",
        (Sort::Newest, false) => "p.published_at DESC, p.id DESC",
        (Sort::Newest, true) => "p.published_at, p.id",
        (Sort::Price, false) | (Sort::PriceDescending, true) => "p.lowest_price, p.id",
        (Sort::Price, true) | (Sort::PriceDescending, false) => "p.lowest_price DESC, p.id DESC",
        (Sort::Name, false) | (Sort::NameDescending, true) => "p.name COLLATE \"C\", p.id",
        (Sort::Name, true) | (Sort::NameDescending, false) => {
            "p.name COLLATE \"C\" DESC, p.id DESC"
        }
    }
}

fn push_place(sql: &mut QueryBuilder<Postgres>, query: &ProductQuery, cursor: &Cursor) {
    sql.push(match query.sort {
        Sort::Relevance => " AND (p.rank, p.id) ",
        Sort::Newest => " AND (p.published_at, p.id) ",
        Sort::Price | Sort::PriceDescending => " AND (p.lowest_price, p.id) ",
        Sort::Name | Sort::NameDescending => " AND (p.name COLLATE \"C\", p.id) ",
    });
    let rising = query.sort.rises() != cursor.turn.is_back();
    sql.push(match (rising, cursor.turn.includes()) {
        (true, false) => "> (",
        (true, true) => ">= (",
        (false, false) => "< (",
        (false, true) => "<= (",
    });
    match &cursor.key {
        Key::PublishedAt(at) => sql.push_bind(*at),
        Key::Price(value) | Key::Rank(value) => sql.push_bind(*value),
        Key::Name(name) => sql.push_bind(name.clone()),
    };
    sql.push(", ").push_bind(cursor.id.uuid()).push(")");
}

impl Placed {
    /// Its place in the list, read on from there.
    pub(crate) fn cursor(&self, query: &ProductQuery, scope: &Scope, turn: Turn) -> Cursor {
        let key = match query.sort {
            Sort::Relevance => Key::Rank(self.rank),
            Sort::Newest => Key::PublishedAt(self.published_at),
            Sort::Price | Sort::PriceDescending => Key::Price(self.found.lowest_price),
            Sort::Name | Sort::NameDescending => Key::Name(self.found.name.clone()),
        };
        let place = (key, self.found.id.into());
        Cursor::new(
            &query.filters,
            query.sort,
            turn,
            place,
            scope.meaning.clone(),
        )
    }
}
