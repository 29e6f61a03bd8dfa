//! SQL of pictures.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{ImageId, ProductId};
use uuid::Uuid;

use super::Image;

/// A picture with when it was promised.
pub(super) struct Found {
    pub(super) product_id: ProductId,
    pub(super) key: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Option<i64>,
    pub(super) uploaded_at: Option<DateTime<Utc>>,
    pub(super) upload_until: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
}

/// Locks a product against every other change of its pictures; answers its version.
pub(super) async fn lock_product(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Option<i64>, DatabaseError> {
    let version = sqlx::query_scalar!(
        "SELECT version FROM products WHERE id = $1 FOR NO KEY UPDATE",
        product.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(version)
}

/// Counts a product's version up; answers the new one.
pub(super) async fn count_up(
    connection: &mut PgConnection,
    product: ProductId,
    at: DateTime<Utc>,
) -> Result<i64, DatabaseError> {
    let version = sqlx::query_scalar!(
        "UPDATE products SET version = version + 1, updated_at = $2 WHERE id = $1 RETURNING version",
        product.uuid(),
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(version)
}

/// A product's pictures in their order, those still awaited among them.
///
/// # Errors
/// [`DatabaseError`].
pub async fn of_product(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Vec<Image>, DatabaseError> {
    let images = sqlx::query_as!(
        Image,
        r#"
        SELECT id AS "id: Uuid", product_id AS "product_id: Uuid", position, url, alt, key, content_type,
               bytes, uploaded_at, upload_until
        FROM product_images
        WHERE product_id = $1
        ORDER BY position, id
        "#,
        product.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(images)
}

pub(super) async fn find(
    connection: &mut PgConnection,
    image: ImageId,
) -> Result<Option<Found>, DatabaseError> {
    let found = sqlx::query_as!(
        Found,
        r#"
        SELECT product_id AS "product_id: Uuid", key, content_type, bytes, uploaded_at, upload_until,
               created_at
        FROM product_images
        WHERE id = $1
        "#,
        image.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    image: &Image,
    at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO product_images
            (id, product_id, position, url, alt, key, content_type, bytes, uploaded_at, upload_until,
             created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9, $10)
        "#,
        image.id.uuid(),
        image.product_id.uuid(),
        image.position,
        image.url,
        image.alt,
        image.key,
        image.content_type,
        image.bytes,
        image.upload_until,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What may change of a picture but its place, which [`renumber`] writes.
pub(super) async fn update(
    connection: &mut PgConnection,
    image: &Image,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE product_images SET alt = $2, uploaded_at = $3 WHERE id = $1",
        image.id.uuid(),
        image.alt,
        image.uploaded_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives the pictures of a locked product their places, in this order from 0 on.
pub(super) async fn renumber(
    connection: &mut PgConnection,
    order: &[ImageId],
) -> Result<(), DatabaseError> {
    let ids: Vec<Uuid> = order.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        r#"
        UPDATE product_images i
        SET position = o.place - 1
        FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, place)
        WHERE i.id = o.id AND i.position <> o.place - 1
        "#,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    image: ImageId,
) -> Result<(), DatabaseError> {
    sqlx::query!("DELETE FROM product_images WHERE id = $1", image.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes an object that is to be deleted.
pub(super) async fn note_object(
    connection: &mut PgConnection,
    image: ImageId,
    key: &str,
    upload_until: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "INSERT INTO removed_images (image_id, key, upload_until, removed_at) VALUES ($1, $2, $3, $4)",
        image.uuid(),
        key,
        upload_until,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The object of a removed picture, and until when it could be uploaded.
pub(super) async fn removed(
    connection: &mut PgConnection,
    image: ImageId,
) -> Result<Option<(String, DateTime<Utc>)>, DatabaseError> {
    let removed = sqlx::query!(
        "SELECT key, upload_until FROM removed_images WHERE image_id = $1",
        image.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(removed.map(|row| (row.key, row.upload_until)))
}

pub(super) async fn forget_object(
    connection: &mut PgConnection,
    image: ImageId,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "DELETE FROM removed_images WHERE image_id = $1",
        image.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}
