//! The SQL that counts facets.

use database::{DatabaseError, PgConnection, money};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use crate::facets::{MOST_OPTIONS, MOST_VALUES};
use crate::store_narrow::{
    FEW_CATEGORIES, ON_A_SHELF, ON_SALE, push_categories, push_since, push_words,
};
use crate::{
    CategoryFacet, FACETS_OVER, Facets, Filters, OptionFacet, PriceFacet, Scope, ValueFacet,
};

/// One count of one facet, as the statement answers it.
#[derive(sqlx::FromRow)]
struct Count {
    facet: String,
    name: String,
    value: String,
    count: i64,
}

pub(crate) struct Counts(Vec<Count>);

pub(crate) async fn counts(
    connection: &mut PgConnection,
    filters: &Filters,
    scope: &Scope,
    since: Option<i64>,
) -> Result<Counts, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_facets(&mut sql, filters, scope, since);
    let searching = scope.words.is_some();
    let counts = sql
        .build_query_as()
        .persistent(!searching)
        .fetch_all(connection)
        .await?;
    Ok(Counts(counts))
}

pub(crate) fn push_facets(
    sql: &mut QueryBuilder<Postgres>,
    filters: &Filters,
    scope: &Scope,
    since: Option<i64>,
) {
    push_offers(sql, filters, scope, since);
    push_counts(sql, filters);
}

/// `offers`: each variant of the products in scope, with whether it passes each filter, and which of
/// the options' filters it does not (`missed`). What passes all filters but its own is what a facet
/// counts. The laterals end in `OFFSET` and `LIMIT` so that variants and levels are looked up for the
/// products in scope, and never read whole.
fn push_offers(
    sql: &mut QueryBuilder<Postgres>,
    filters: &Filters,
    scope: &Scope,
    since: Option<i64>,
) {
    sql.push("WITH scope AS MATERIALIZED (");
    push_newest(sql, scope, since);
    sql.push(
        "), offers AS MATERIALIZED (SELECT p.*, v.options, s.stocked IS NOT NULL AS stocked, ",
    );
    push_missed(sql, filters);
    sql.push(" AS missed, ");
    push_priced(sql, filters);
    sql.push(
        " AS priced FROM scope p CROSS JOIN LATERAL (SELECT v.id, v.options FROM variants v WHERE \
         v.product_id = p.id AND v.archived_at IS NULL OFFSET 0) v LEFT JOIN LATERAL (SELECT true \
         AS stocked ",
    );
    sql.push(ON_A_SHELF).push(" LIMIT 1) s ON true)");
}

/// The newest products that a search and a category have, the other filters aside.
fn push_newest(sql: &mut QueryBuilder<Postgres>, scope: &Scope, since: Option<i64>) {
    const COLUMNS: &str = "p.id, p.category_id, p.lowest_price, p.currency, p.published_at";
    let few = scope
        .categories
        .as_ref()
        .filter(|categories| scope.words.is_none() && categories.len() <= FEW_CATEGORIES);
    if let Some(categories) = few {
        sql.push("SELECT p.* FROM UNNEST(")
            .push_bind(categories.clone())
            .push("::uuid[]) AS c (id) CROSS JOIN LATERAL (");
    }
    sql.push("SELECT ")
        .push(COLUMNS)
        .push(" FROM products p WHERE ")
        .push(ON_SALE);
    if few.is_some() {
        sql.push(" AND p.category_id = c.id");
        push_newest_end(sql);
        sql.push(") p");
    } else {
        push_words(sql, scope);
        push_categories(sql, scope);
        push_since(sql, since);
    }
    push_newest_end(sql);
}

fn push_newest_end(sql: &mut QueryBuilder<Postgres>) {
    sql.push(" ORDER BY p.published_at DESC, p.id DESC LIMIT ")
        .push_bind(FACETS_OVER);
}

/// The names of the options that a variant has no wanted value of.
fn push_missed(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    if filters.options.is_empty() {
        sql.push("'{}'::text[]");
        return;
    }
    sql.push("ARRAY(SELECT f.key FROM jsonb_each(")
        .push_bind(Json(filters.options.clone()))
        .push(") f WHERE NOT coalesce(f.value ? (v.options ->> f.key), false))");
}

fn push_priced(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    if filters.min_price.is_none() && filters.max_price.is_none() {
        sql.push("true");
        return;
    }
    sql.push("(p.currency = 'NGN' AND p.lowest_price BETWEEN ");
    sql.push_bind(filters.min_price.unwrap_or(0)).push(" AND ");
    sql.push_bind(filters.max_price.unwrap_or(i64::MAX))
        .push(")");
}

/// A value of an option is counted among the variants that miss nothing, or only what is wanted of
/// that same option: it is looked for in the stead of that.
fn push_counts(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    let stock = if filters.in_stock { "stocked" } else { "true" };
    sql.push(
        ", wanted AS (SELECT DISTINCT id, category_id FROM offers WHERE priced AND missed = '{}' AND ",
    );
    sql.push(stock);
    sql.push(
        ") SELECT 'scope' AS facet, '' AS name, '' AS value, count(*) AS count FROM scope \
         UNION ALL SELECT 'total', '', '', count(*) FROM wanted \
         UNION ALL SELECT 'in_stock', '', '', count(DISTINCT id) FROM offers \
         WHERE priced AND missed = '{}' AND stocked \
         UNION ALL SELECT 'price', edge.name, '', edge.price FROM (SELECT min(lowest_price) AS min, \
         max(lowest_price) AS max FROM offers WHERE currency = 'NGN' AND missed = '{}' AND ",
    );
    sql.push(stock);
    sql.push(
        ") p, LATERAL (VALUES ('min', p.min), ('max', p.max)) edge (name, price) \
         WHERE edge.price IS NOT NULL \
         UNION ALL SELECT 'option', key, value, count(*) FROM (SELECT DISTINCT id, o.key, o.value \
         FROM offers, LATERAL jsonb_each_text(options) o WHERE priced AND \
         (missed = '{}' OR missed = ARRAY[o.key]) AND ",
    );
    sql.push(stock);
    sql.push(
        ") o GROUP BY key, value \
         UNION ALL (SELECT 'category', k.slug, k.name, sum(w.products)::bigint FROM \
         (SELECT category_id, count(*) AS products FROM wanted GROUP BY category_id) w \
         JOIN categories c ON c.id = w.category_id \
         JOIN categories k ON starts_with(c.path, k.path) AND k.parent_id IS NOT DISTINCT FROM \
         (SELECT id FROM categories WHERE slug = ",
    );
    sql.push_bind(
        filters
            .category
            .as_ref()
            .map(|slug| slug.as_str().to_owned()),
    );
    sql.push(") GROUP BY k.id ORDER BY k.position, k.name COLLATE \"C\")");
}

impl Counts {
    pub(crate) fn into_facets(self, looked_at_all: bool) -> Result<Facets, DatabaseError> {
        Ok(Facets {
            total: self.single("total"),
            exact: looked_at_all && self.single("scope") < FACETS_OVER,
            in_stock: self.single("in_stock"),
            price: self.price()?,
            categories: self.categories(),
            options: self.options(),
        })
    }

    fn of(&self, facet: &str) -> impl Iterator<Item = &Count> {
        self.0.iter().filter(move |count| count.facet == facet)
    }

    fn single(&self, facet: &str) -> i64 {
        self.of(facet).map(|found| found.count).sum()
    }

    fn price(&self) -> Result<Option<PriceFacet>, DatabaseError> {
        let edge = |name| self.of("price").find(|found| found.name == name);
        let (Some(min), Some(max)) = (edge("min"), edge("max")) else {
            return Ok(None);
        };
        let (min, max) = (money(min.count, "NGN")?, money(max.count, "NGN")?);
        Ok(Some(PriceFacet { min, max }))
    }

    fn categories(&self) -> Vec<CategoryFacet> {
        let facet = |found: &Count| CategoryFacet {
            slug: found.name.clone(),
            name: found.value.clone(),
            count: found.count,
        };
        self.of("category").map(facet).collect()
    }

    fn options(&self) -> Vec<OptionFacet> {
        let mut found: Vec<&Count> = self.of("option").collect();
        found.sort_by(|a, b| (&a.name, b.count, &a.value).cmp(&(&b.name, a.count, &b.value)));
        let of_one_name = found.chunk_by(|a, b| a.name == b.name);
        of_one_name.take(MOST_OPTIONS).map(option).collect()
    }
}

fn option(counts: &[&Count]) -> OptionFacet {
    let value = |found: &&Count| ValueFacet {
        value: found.value.clone(),
        count: found.count,
    };
    OptionFacet {
        name: counts
            .first()
            .map(|found| found.name.clone())
            .unwrap_or_default(),
        values: counts.iter().take(MOST_VALUES).map(value).collect(),
    }
}
