//! The SQL that lists products. Filters vary, so the statement is put together, of fixed pieces and
//! bound values only.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money};
use domain::{Availability, ProductId};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::cursor::Key;
use crate::filters::Sought;
use crate::{
    CategoryRef, Cursor, Filters, Image, ListedProduct, ProductQuery, RANKED, SearchText, Sort,
};

/// A product as found, without its availability.
#[derive(sqlx::FromRow)]
pub(crate) struct Found {
    id: Uuid,
    slug: String,
    name: String,
    lowest_price: i64,
    compare_at_price: Option<i64>,
    currency: String,
    published_at: DateTime<Utc>,
    rank: i64,
    category_slug: String,
    category_name: String,
    image_url: Option<String>,
    image_alt: Option<String>,
}

const COLUMNS: &str = "p.id, p.slug, p.name, p.category_id, p.lowest_price, p.compare_at_price, \
                       p.currency, p.published_at";

pub(crate) async fn page(
    connection: &mut PgConnection,
    query: &ProductQuery,
    categories: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Found>, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_page(&mut sql, query, categories, limit);
    // A search is planned anew for its words: how many products have them decides the plan.
    let searching = query.filters.text.is_some();
    let found = sql
        .build_query_as()
        .persistent(!searching)
        .fetch_all(connection)
        .await?;
    Ok(found)
}

/// The page is picked from the products alone, on the index of its order; only what is picked is
/// joined with its category and picture.
pub(crate) fn push_page(
    sql: &mut QueryBuilder<Postgres>,
    query: &ProductQuery,
    categories: Option<&[Uuid]>,
    limit: i64,
) {
    sql.push(
        "SELECT p.id, p.slug, p.name, p.lowest_price, p.compare_at_price, p.currency, \
         p.published_at, p.rank, c.slug AS category_slug, c.name AS category_name, \
         i.url AS image_url, i.alt AS image_alt FROM (SELECT ",
    );
    sql.push(COLUMNS).push(", ");
    match (query.sort, &query.filters.text) {
        (Sort::Relevance, Some(text)) => push_ranked(sql, text, &query.filters, categories),
        (Sort::Relevance | Sort::Newest | Sort::Price | Sort::PriceDescending | Sort::Name, _) => {
            sql.push("0::bigint AS rank FROM products p WHERE ");
            push_matching(sql, &query.filters, categories);
        }
    }
    if let Some(cursor) = &query.after {
        push_after(sql, query.sort, cursor);
    }
    sql.push(" ORDER BY ")
        .push(order(query.sort))
        .push(" LIMIT ")
        .push_bind(limit);
    sql.push(
        ") p JOIN categories c ON c.id = p.category_id LEFT JOIN LATERAL (SELECT url, alt FROM \
         product_images WHERE product_id = p.id ORDER BY position, id LIMIT 1) i ON true ORDER BY ",
    );
    sql.push(order(query.sort));
}

/// A rank is a whole number, so that the next page can begin exactly after it.
fn push_ranked(
    sql: &mut QueryBuilder<Postgres>,
    text: &SearchText,
    filters: &Filters,
    categories: Option<&[Uuid]>,
) {
    sql.push("p.rank FROM (SELECT ")
        .push(COLUMNS)
        .push(", (ts_rank(p.search, ");
    push_sought(sql, text);
    sql.push(") * 1000000)::bigint AS rank FROM products p WHERE ");
    push_matching(sql, filters, categories);
    sql.push(" ORDER BY ")
        .push(order(Sort::Newest))
        .push(" LIMIT ")
        .push_bind(RANKED);
    sql.push(") p WHERE true");
}

/// What the list has, whatever its order.
fn push_matching(sql: &mut QueryBuilder<Postgres>, filters: &Filters, categories: Option<&[Uuid]>) {
    push_scope(sql, filters.text.as_ref(), categories);
    if filters.min_price.is_some() || filters.max_price.is_some() {
        sql.push(" AND p.currency = 'NGN'");
    }
    if let Some(least) = filters.min_price {
        sql.push(" AND p.lowest_price >= ").push_bind(least);
    }
    if let Some(most) = filters.max_price {
        sql.push(" AND p.lowest_price <= ").push_bind(most);
    }
    if filters.in_stock || !filters.options.is_empty() {
        push_variant(sql, filters);
    }
}

/// What is on sale under a category and a search: what both the list and its facets begin with. The
/// first two conditions are those of the partial indexes.
pub(crate) fn push_scope(
    sql: &mut QueryBuilder<Postgres>,
    text: Option<&SearchText>,
    categories: Option<&[Uuid]>,
) {
    sql.push("p.status = 'published' AND p.lowest_price IS NOT NULL AND p.published_at <= now()");
    if let Some(categories) = categories {
        sql.push(" AND p.category_id = ANY(")
            .push_bind(categories.to_vec())
            .push(")");
    }
    if let Some(text) = text {
        sql.push(" AND p.search @@ ");
        push_sought(sql, text);
    }
}

/// One variant has all the options, and it is the one that is in stock.
fn push_variant(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    sql.push(
        " AND EXISTS (SELECT FROM variants v WHERE v.product_id = p.id AND v.archived_at IS NULL",
    );
    if !filters.options.is_empty() {
        sql.push(" AND v.options @> ")
            .push_bind(Json(filters.options.clone()));
    }
    if filters.in_stock {
        sql.push(" AND EXISTS (SELECT ").push(ON_A_SHELF).push(")");
    }
    sql.push(")");
}

/// A piece of `v` is on a shelf and promised to nobody.
pub(crate) const ON_A_SHELF: &str = "FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.active \
     WHERE s.variant_id = v.id AND s.on_hand > s.reserved";

/// Whole words by their stems; the last one by its stem or as the beginning of a word. A last word
/// that means nothing by itself ("sandals for") is not looked for, unless it is all there is.
fn push_sought(sql: &mut QueryBuilder<Postgres>, text: &SearchText) {
    let Sought { words, unfinished } = text.sought();
    sql.push("(websearch_to_tsquery('english', ")
        .push_bind(words.to_owned())
        .push(")");
    if let Some(last) = unfinished {
        sql.push(" && CASE WHEN numnode(plainto_tsquery('english', ")
            .push_bind(last.to_owned());
        sql.push(")) = 0 AND numnode(websearch_to_tsquery('english', ");
        sql.push_bind(words.to_owned());
        sql.push(")) > 0 THEN ''::tsquery ELSE plainto_tsquery('english', ");
        sql.push_bind(last.to_owned())
            .push(") || to_tsquery('simple', ");
        sql.push_bind(format!("'{last}':*")).push(") END");
    }
    sql.push(")");
}

/// Each order is that of an index (migrations/0001), except the rank's.
const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "p.rank DESC, p.id DESC",
        Sort::Newest => "p.published_at DESC, p.id DESC",
        Sort::Price => "p.lowest_price, p.id",
        Sort::PriceDescending => "p.lowest_price DESC, p.id DESC",
        Sort::Name => "p.name COLLATE \"C\", p.id",
    }
}

fn push_after(sql: &mut QueryBuilder<Postgres>, sort: Sort, cursor: &Cursor) {
    sql.push(match sort {
        Sort::Relevance => " AND (p.rank, p.id) < (",
        Sort::Newest => " AND (p.published_at, p.id) < (",
        Sort::Price => " AND (p.lowest_price, p.id) > (",
        Sort::PriceDescending => " AND (p.lowest_price, p.id) < (",
        Sort::Name => " AND (p.name COLLATE \"C\", p.id) > (",
    });
    match &cursor.key {
        Key::PublishedAt(at) => sql.push_bind(*at),
        Key::Price(value) | Key::Rank(value) => sql.push_bind(*value),
        Key::Name(name) => sql.push_bind(name.clone()),
    };
    sql.push(", ").push_bind(cursor.id.uuid()).push(")");
}

impl Found {
    /// Its place in the list.
    pub(crate) fn cursor(&self, query: &ProductQuery) -> Cursor {
        let key = match query.sort {
            Sort::Relevance => Key::Rank(self.rank),
            Sort::Newest => Key::PublishedAt(self.published_at),
            Sort::Price | Sort::PriceDescending => Key::Price(self.lowest_price),
            Sort::Name => Key::Name(self.name.clone()),
        };
        Cursor::new(&query.filters, query.sort, key, self.id.into())
    }

    fn dressed(self, availability: Availability) -> Result<ListedProduct, DatabaseError> {
        let price = money(self.lowest_price, &self.currency)?;
        let compare_at_price = self
            .compare_at_price
            .map(|price| money(price, &self.currency));
        let image = self
            .image_url
            .zip(self.image_alt)
            .map(|(url, alt)| Image { url, alt });
        Ok(ListedProduct {
            id: self.id.into(),
            slug: self.slug,
            name: self.name,
            price,
            compare_at_price: compare_at_price.transpose()?,
            availability,
            image,
            category: CategoryRef {
                slug: self.category_slug,
                name: self.category_name,
            },
        })
    }
}

/// The found products with the best availability of their variants.
pub(crate) async fn dressed(
    connection: &mut PgConnection,
    found: Vec<Found>,
) -> Result<Vec<ListedProduct>, DatabaseError> {
    let ids: Vec<Uuid> = found.iter().map(|product| product.id).collect();
    let best = availabilities(connection, &ids).await?;
    let each = found.into_iter().map(|product| {
        let known = best.get(&product.id.into()).copied();
        product.dressed(known.unwrap_or(Availability::OutOfStock))
    });
    each.collect()
}

async fn availabilities(
    connection: &mut PgConnection,
    products: &[Uuid],
) -> Result<HashMap<ProductId, Availability>, DatabaseError> {
    let levels = sqlx::query!(
        r#"
        SELECT v.product_id, s.on_hand, s.reserved, s.backorder_limit, s.low_stock_threshold
        FROM variants v
        JOIN stock_levels s ON s.variant_id = v.id
        JOIN locations l ON l.id = s.location_id AND l.active
        WHERE v.product_id = ANY($1) AND v.archived_at IS NULL
        "#,
        products,
    )
    .fetch_all(connection)
    .await?;
    let mut best = HashMap::new();
    for s in levels {
        let offered = Availability::of(
            s.on_hand,
            s.reserved,
            s.backorder_limit,
            s.low_stock_threshold,
        );
        let known = best.entry(ProductId::from(s.product_id)).or_insert(offered);
        *known = offered.min(*known); // Declared from the best to the worst.
    }
    Ok(best)
}
