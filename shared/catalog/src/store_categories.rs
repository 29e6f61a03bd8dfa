//! The SQL of categories.

use database::{DatabaseError, PgConnection};
use domain::Slug;
use uuid::Uuid;

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
    pub(crate) products: i64,
}

/// All categories, in the shop's order. Products are counted on `products_category_idx` alone.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<CategoryRow>, DatabaseError> {
    let rows = sqlx::query_as!(
        CategoryRow,
        r#"
        SELECT c.id, c.parent_id, c.slug, c.name, coalesce(n.products, 0) AS "products!"
        FROM categories c
        LEFT JOIN (
            SELECT category_id, count(*) AS products
            FROM products
            WHERE status = 'published' AND lowest_price IS NOT NULL AND published_at <= now()
            GROUP BY category_id
        ) n ON n.category_id = c.id
        ORDER BY c.position, c.name COLLATE "C"
        "#,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
