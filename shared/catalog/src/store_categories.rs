//! The SQL of categories.

use database::{DatabaseError, PgConnection};
use domain::{CategoryId, Slug};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{CategoryRef, CategorySummary};

/// A category and those below it: none for a slug that nobody has, and `None` where no category is
/// asked for.
pub(crate) async fn with_descendants(
    connection: &mut PgConnection,
    slug: Option<&Slug>,
) -> Result<Option<Vec<Uuid>>, DatabaseError> {
    let Some(slug) = slug else { return Ok(None) };
    let ids = sqlx::query_scalar!(
        r#"
        SELECT below.id
        FROM categories c JOIN categories below ON starts_with(below.path, c.path)
        WHERE c.slug = $1
        "#,
        slug.as_str(),
    )
    .fetch_all(connection)
    .await?;
    Ok(Some(ids))
}

/// A category with how many products on sale stand directly in it.
pub(crate) struct CategoryRow {
    pub(crate) id: Uuid,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) products: i64,
}

/// All categories, in the shop's order. Products are not counted: what their changes have written is
/// added up (migrations/0014), for each category from its own range of the index: what will only become
/// effective is not read.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<CategoryRow>, DatabaseError> {
    let rows = sqlx::query_as!(
        CategoryRow,
        r#"
        SELECT c.id, c.parent_id, c.slug, c.name, c.version,
               (SELECT coalesce(sum(n.delta), 0)::bigint
                FROM category_counts n
                WHERE n.category_id = c.id AND n.effective_at <= now()) AS "products!"
        FROM categories c
        ORDER BY c.position, c.name COLLATE "C"
        "#,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// A category with the way there.
pub(crate) async fn find(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Option<(CategorySummary, Vec<CategoryRef>)>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT c.id, c.slug, c.name, c.version,
               (SELECT coalesce(sum(n.delta), 0)::bigint
                FROM categories below
                JOIN category_counts n ON n.category_id = below.id AND n.effective_at <= now()
                WHERE starts_with(below.path, c.path)) AS "products!",
               (SELECT jsonb_agg(jsonb_build_object('slug', a.slug, 'name', a.name)
                                 ORDER BY length(a.path))
                FROM categories a
                WHERE starts_with(c.path, a.path)) AS "breadcrumbs: Json<Vec<CategoryRef>>"
        FROM categories c
        WHERE c.slug = $1
        "#,
        slug.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let breadcrumbs = row.breadcrumbs.map(|found| found.0).unwrap_or_default();
        let summary = CategorySummary {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            version: row.version,
            product_count: row.products,
        };
        (summary, breadcrumbs)
    }))
}

/// The categories directly below one, in the shop's order.
pub(crate) async fn children(
    connection: &mut PgConnection,
    parent: CategoryId,
) -> Result<Vec<CategorySummary>, DatabaseError> {
    let rows = sqlx::query_as!(
        CategorySummary,
        r#"
        SELECT c.id, c.slug, c.name, c.version,
               (SELECT coalesce(sum(n.delta), 0)::bigint
                FROM categories below
                JOIN category_counts n ON n.category_id = below.id AND n.effective_at <= now()
                WHERE starts_with(below.path, c.path)) AS "product_count!"
        FROM categories c
        WHERE c.parent_id = $1
        ORDER BY c.position, c.name COLLATE "C"
        "#,
        parent.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Rows that somebody else is merging just now are left to him; those that are added meanwhile are not
/// seen. What became effective within the last minute stays apart: for a reader whose transaction began
/// before that it may be still to come.
pub(crate) async fn compact_counts(connection: &mut PgConnection) -> Result<u64, DatabaseError> {
    let gone = sqlx::query_scalar!(
        r#"
        WITH merged AS (
            DELETE FROM category_counts
            WHERE id IN (
                SELECT n.id
                FROM category_counts n
                WHERE n.effective_at < now() - interval '1 minute' AND EXISTS (
                    SELECT FROM category_counts other
                    WHERE other.category_id = n.category_id AND other.id <> n.id
                      AND other.effective_at < now() - interval '1 minute'
                )
                FOR UPDATE SKIP LOCKED
            )
            RETURNING category_id, delta
        ), kept AS (
            INSERT INTO category_counts (category_id, effective_at, delta)
            SELECT category_id, '-infinity', sum(delta)
            FROM merged
            GROUP BY category_id
            HAVING sum(delta) <> 0
        )
        SELECT count(*) AS "gone!" FROM merged
        "#,
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(gone).unwrap_or_default())
}
