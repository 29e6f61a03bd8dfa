//! The SQL of categories.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{CategoryId, Slug};
use uuid::Uuid;

use super::Category;

struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    slug: String,
    name: String,
    position: i32,
    path: String,
    version: i64,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Category {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            parent: row.parent_id.map(CategoryId::from),
            slug: row.slug,
            name: row.name,
            position: row.position,
            path: row.path,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// Waits until nobody else changes the shape of the tree, and keeps others from it until the transaction
/// ends. To be called before any category is locked.
pub(super) async fn lock_tree(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let locked = sqlx::query!("SELECT one FROM category_tree FOR UPDATE")
        .fetch_optional(connection)
        .await?;
    locked
        .map(drop)
        .ok_or(DatabaseError::Missing("category_tree"))
}

/// A category, locked.
pub(super) async fn lock(
    connection: &mut PgConnection,
    category: CategoryId,
) -> Result<Option<Category>, DatabaseError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, parent_id, slug, name, position, path, version, updated_at
         FROM categories
         WHERE id = $1
         FOR UPDATE",
        category.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Category::from))
}

pub(super) async fn find(
    connection: &mut PgConnection,
    category: CategoryId,
) -> Result<Option<Category>, DatabaseError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, parent_id, slug, name, position, path, version, updated_at
         FROM categories
         WHERE id = $1",
        category.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Category::from))
}

/// The place behind the last category below another, or at the top.
pub(super) async fn behind(
    connection: &mut PgConnection,
    parent: Option<CategoryId>,
) -> Result<i32, DatabaseError> {
    let place = sqlx::query_scalar!(
        r#"
        SELECT least(coalesce(max(position) + 1::bigint, 0), 2147483647)::integer AS "place!"
        FROM categories
        WHERE parent_id IS NOT DISTINCT FROM $1
        "#,
        parent.map(CategoryId::uuid),
    )
    .fetch_one(connection)
    .await?;
    Ok(place)
}

/// The first number with which no category has this slug; 1 stands for none.
pub(super) async fn free_number(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Option<i64>, DatabaseError> {
    let number = sqlx::query_scalar!(
        r#"
        SELECT n AS "n!"
        FROM generate_series(1::bigint, 1000) n
        WHERE NOT EXISTS (
            SELECT FROM categories c
            WHERE c.slug = CASE n WHEN 1 THEN $1 ELSE $1 || '-' || n END
        )
        ORDER BY n
        LIMIT 1
        "#,
        slug.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(number)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    category: &Category,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "INSERT INTO categories (id, parent_id, slug, name, position, path, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        category.id.uuid(),
        category.parent.map(CategoryId::uuid),
        category.slug,
        category.name,
        category.position,
        category.path,
        category.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what does not concern the tree.
pub(super) async fn update(
    connection: &mut PgConnection,
    category: &Category,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE categories SET name = $2, position = $3, version = $4, updated_at = $5 WHERE id = $1",
        category.id.uuid(),
        category.name,
        category.position,
        category.version,
        category.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a category that gets another path, and with it the paths of all below it, in one statement: the
/// rule that a path follows from the one above is looked at when it ends.
pub(super) async fn move_subtree(
    connection: &mut PgConnection,
    before: &Category,
    after: &Category,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE categories c
        SET parent_id = CASE WHEN c.id = $1 THEN $2 ELSE c.parent_id END,
            slug = CASE WHEN c.id = $1 THEN $3 ELSE c.slug END,
            name = CASE WHEN c.id = $1 THEN $4 ELSE c.name END,
            position = CASE WHEN c.id = $1 THEN $5 ELSE c.position END,
            version = CASE WHEN c.id = $1 THEN $6 ELSE c.version END,
            updated_at = CASE WHEN c.id = $1 THEN $7 ELSE c.updated_at END,
            path = $8 || substr(c.path, length($9) + 1)
        WHERE c.path LIKE $9 || '%'
        "#,
        after.id.uuid(),
        after.parent.map(CategoryId::uuid),
        after.slug,
        after.name,
        after.position,
        after.version,
        after.updated_at,
        after.path,
        before.path,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether nothing stands in a category.
pub(super) async fn is_empty(
    connection: &mut PgConnection,
    category: CategoryId,
) -> Result<bool, DatabaseError> {
    let empty = sqlx::query_scalar!(
        r#"
        SELECT NOT EXISTS (SELECT FROM categories WHERE parent_id = $1)
           AND NOT EXISTS (SELECT FROM products WHERE category_id = $1) AS "empty!"
        "#,
        category.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(empty)
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    category: CategoryId,
) -> Result<(), DatabaseError> {
    sqlx::query!("DELETE FROM categories WHERE id = $1", category.uuid())
        .execute(connection)
        .await?;
    Ok(())
}
