//! The staff's list of products.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money, read_word};
use domain::{CursorError, Money, ProductId, ProductStatus, SearchWords, Slug};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::CategoryLink;

/// How many products a page may have.
pub const PAGE_SIZES: RangeInclusive<i64> = 1..=100;

/// Which products a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Words that stand in the product's search document, of which the last may be unfinished; or the
    /// beginning of its slug; or an SKU, an archived variant's too.
    pub text: Option<SearchWords>,
    /// In this status.
    pub status: Option<ProductStatus>,
    /// In this category or below it. One that does not exist has no products.
    pub category: Option<Slug>,
}

/// A product as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProduct {
    /// Its identity.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub category: CategoryLink,
    /// Whether customers see it.
    pub status: ProductStatus,
    /// From when on it is on sale.
    pub published_at: Option<DateTime<Utc>>,
    /// The lowest price of its variants on sale.
    pub lowest_price: Option<Money>,
    /// How many variants it has, archived ones aside.
    pub variant_count: i64,
    /// Counts up with each change.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    /// What was changed last comes first.
    pub items: Vec<ListedProduct>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// The last product of a page, as a place in the order of all products: good for any filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: DateTime<Utc>,
    id: ProductId,
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let (micros, id) = bytes.split_at_checked(8).ok_or(CursorError)?;
        let micros = micros
            .try_into()
            .map(i64::from_be_bytes)
            .map_err(|_| CursorError)?;
        let sane = (0..253_402_300_800_000_000).contains(&micros);
        let at = DateTime::from_timestamp_micros(micros).filter(|_| sane);
        Ok(Self {
            at: at.ok_or(CursorError)?,
            id: Uuid::from_slice(id).map_err(|_| CursorError)?.into(),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.uuid().as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    category_id: Uuid,
    category_slug: String,
    category_name: String,
    status: String,
    published_at: Option<DateTime<Utc>>,
    lowest_price: Option<i64>,
    currency: String,
    variant_count: i64,
    version: i64,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for ListedProduct {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let lowest_price = row.lowest_price.map(|price| money(price, &row.currency));
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            category: CategoryLink {
                id: row.category_id.into(),
                slug: row.category_slug,
                name: row.category_name,
            },
            status: read_word(&row.status)?,
            published_at: row.published_at,
            lowest_price: lowest_price.transpose()?,
            variant_count: row.variant_count,
            version: row.version,
            updated_at: row.updated_at,
        })
    }
}

/// Reads at most `limit` products ([`PAGE_SIZES`]), those after `after`. A product that is changed during
/// a walk moves to its beginning; none is met twice.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list(
    connection: &mut PgConnection,
    filter: &ProductFilter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<ProductPage, DatabaseError> {
    let mut sql = QueryBuilder::new("");
    push_page(&mut sql, filter, after, limit.saturating_add(1));
    // Planned with its values each time: how many products a text finds decides how they are read.
    let page = sql.build_query_as::<Row>().persistent(false);
    let rows = page.fetch_all(connection).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > limit);
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let items: Result<Vec<ListedProduct>, _> = rows
        .into_iter()
        .take(shown)
        .map(ListedProduct::try_from)
        .collect();
    let items = items?;
    let last = items.last().filter(|_| more);
    let next = last.map(|last| Cursor {
        at: last.updated_at,
        id: last.id,
    });
    Ok(ProductPage { items, next })
}

/// Each selection of filters is a statement of its own, so that each has an index to walk.
pub(crate) fn push_page(
    sql: &mut QueryBuilder<Postgres>,
    filter: &ProductFilter,
    after: Option<Cursor>,
    limit: i64,
) {
    sql.push("WITH page AS (");
    match (&filter.category, &filter.text) {
        (Some(category), None) => push_branches(sql, filter, category, after, limit),
        (_, _) => push_walk(sql, filter, after, limit),
    }
    sql.push(
        ") SELECT p.id, p.slug, p.name, p.status, p.published_at, p.lowest_price, p.currency, p.version,
                p.updated_at, c.id AS category_id, c.slug AS category_slug, c.name AS category_name,
                (SELECT count(*) FROM variants v WHERE v.product_id = p.id AND v.archived_at IS NULL)
                    AS variant_count
         FROM page JOIN products p ON p.id = page.id JOIN categories c ON c.id = p.category_id
         ORDER BY p.updated_at DESC, p.id DESC",
    );
}

/// Along all products, the latest change first. What a text finds is found first, whole, by its indexes:
/// left to itself the planner, which takes no word for rare, would look for one along all products.
fn push_walk(
    sql: &mut QueryBuilder<Postgres>,
    filter: &ProductFilter,
    after: Option<Cursor>,
    limit: i64,
) {
    sql.push("SELECT f.id FROM (SELECT p.id, p.updated_at FROM products p WHERE true");
    if let Some(status) = filter.status {
        sql.push(" AND p.status = ").push_bind(status.as_str());
    }
    if let Some(category) = &filter.category {
        sql.push(" AND p.category_id IN (SELECT c.id FROM categories c WHERE ");
        push_below(sql, category);
        sql.push(")");
    }
    push_after(sql, after);
    if let Some(text) = &filter.text {
        push_text(sql, text);
        sql.push(" OFFSET 0");
    }
    sql.push(") f ORDER BY f.updated_at DESC, f.id DESC LIMIT ")
        .push_bind(limit);
}

/// From each category at or below one, and each status, its latest; of these the latest. The work is
/// bounded by the number of categories, not of products.
fn push_branches(
    sql: &mut QueryBuilder<Postgres>,
    filter: &ProductFilter,
    category: &Slug,
    after: Option<Cursor>,
    limit: i64,
) {
    let statuses: Vec<String> = match filter.status {
        Some(status) => vec![status.to_string()],
        None => ProductStatus::ALL.iter().map(ToString::to_string).collect(),
    };
    sql.push("SELECT latest.id FROM categories c CROSS JOIN unnest(")
        .push_bind(statuses)
        .push(
            "::text[]) AS wanted (status) CROSS JOIN LATERAL (
                 SELECT p.id, p.updated_at FROM products p
                 WHERE p.category_id = c.id AND p.status = wanted.status",
        );
    push_after(sql, after);
    sql.push(" ORDER BY p.updated_at DESC, p.id DESC LIMIT ")
        .push_bind(limit)
        .push(") latest WHERE ");
    push_below(sql, category);
    sql.push(" ORDER BY latest.updated_at DESC, latest.id DESC LIMIT ")
        .push_bind(limit);
}

fn push_below(sql: &mut QueryBuilder<Postgres>, category: &Slug) {
    sql.push("c.path LIKE (SELECT top.path || '%' FROM categories top WHERE top.slug = ")
        .push_bind(category.as_str().to_owned())
        .push(")");
}

fn push_text(sql: &mut QueryBuilder<Postgres>, text: &SearchWords) {
    // Words are joined by nothing that means anything to Postgres: folding leaves letters and digits.
    sql.push(" AND (p.search_document @@ to_tsquery('simple', replace(nullif(folded(")
        .push_bind(text.to_string())
        .push("), ''), ' ', ' & ') || ':*') OR p.slug LIKE ")
        .push_bind(beginning_of_slug(text.as_str()))
        .push(" OR p.id = (SELECT v.product_id FROM variants v WHERE v.sku = upper(")
        .push_bind(text.to_string())
        .push(")))");
}

fn push_after(sql: &mut QueryBuilder<Postgres>, after: Option<Cursor>) {
    if let Some(Cursor { at, id }) = after {
        sql.push(" AND (p.updated_at, p.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id.uuid())
            .push(")");
    }
}

/// What slugs begin with that begin like this text; nothing does where it has other characters.
fn beginning_of_slug(text: &str) -> String {
    let text = text.to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !text.is_empty() && text.chars().all(plain) {
        format!("{text}%")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_a_forged_one_is_refused() {
        let at = DateTime::from_timestamp_micros(1_767_225_600_123_456).unwrap();
        let cursor = Cursor {
            at,
            id: ProductId::new(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let far = URL_SAFE_NO_PAD.encode([0x7f; 24]);
        for text in ["", "x", "e30", "%%%", &far, &"A".repeat(400)] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text}");
        }
    }

    #[test]
    fn only_what_can_begin_a_slug_is_looked_for_among_slugs() {
        assert_eq!(beginning_of_slug("Ankara-S"), "ankara-s%");
        for text in ["", "%", "a b", "a_b", "ankẹ"] {
            assert_eq!(beginning_of_slug(text), "");
        }
    }
}
