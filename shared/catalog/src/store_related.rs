//! The SQL that finds what stands near a product.

use database::{DatabaseError, PgConnection};
use domain::CategoryId;

use crate::Product;
use crate::store_dressed::Found;

/// Each part is read from the order of its category, so many of each at most; of the categories around,
/// no more than 24 are looked into.
pub(crate) async fn related(
    connection: &mut PgConnection,
    product: &Product,
    category: CategoryId,
    limit: i64,
) -> Result<Vec<Found>, DatabaseError> {
    let found = sqlx::query_as!(
        Found,
        r#"
        WITH older AS (
            SELECT p.id, 0 AS place, row_number() OVER (ORDER BY p.published_at DESC, p.id DESC) AS nth
            FROM products p
            WHERE p.status = 'published' AND p.lowest_price IS NOT NULL AND p.category_id = $1
              AND (p.published_at, p.id) < ($2, $3)
            ORDER BY p.published_at DESC, p.id DESC
            LIMIT $4
        ), newer AS (
            SELECT p.id, 0 AS place, row_number() OVER (ORDER BY p.published_at, p.id) AS nth
            FROM products p
            WHERE p.status = 'published' AND p.lowest_price IS NOT NULL AND p.category_id = $1
              AND (p.published_at, p.id) > ($2, $3) AND p.published_at <= now()
            ORDER BY p.published_at, p.id
            LIMIT $4
        ), around AS (
            SELECT near.id, 1 AS place,
                   row_number() OVER (ORDER BY near.published_at DESC, near.id DESC) AS nth
            FROM (
                SELECT c.id
                FROM categories own
                LEFT JOIN categories above ON above.id = own.parent_id
                JOIN categories c ON starts_with(c.path, coalesce(above.path, own.path))
                WHERE own.id = $1 AND c.id <> $1
                ORDER BY c.position, c.id
                LIMIT 24
            ) c
            CROSS JOIN LATERAL (
                SELECT p.id, p.published_at
                FROM products p
                WHERE p.status = 'published' AND p.lowest_price IS NOT NULL AND p.category_id = c.id
                  AND p.published_at <= now()
                ORDER BY p.published_at DESC, p.id DESC
                LIMIT $4
            ) near
            WHERE (SELECT count(*) FROM older) + (SELECT count(*) FROM newer) < $4
        ), nearest AS (
            SELECT id, place, nth
            FROM (SELECT * FROM older UNION ALL SELECT * FROM newer UNION ALL SELECT * FROM around) all_of_them
            ORDER BY place, nth, id
            LIMIT $4
        )
        SELECT p.id AS "id!", p.slug AS "slug!", p.name AS "name!", p.lowest_price AS "lowest_price!",
               p.compare_at_price, p.currency AS "currency!", c.slug AS "category_slug!",
               c.name AS "category_name!", i.url AS "image_url?", i.alt AS "image_alt?"
        FROM nearest n
        JOIN products p ON p.id = n.id
        JOIN categories c ON c.id = p.category_id
        LEFT JOIN LATERAL (
            SELECT url, alt
            FROM product_images
            WHERE product_id = p.id AND uploaded_at IS NOT NULL
            ORDER BY position, id
            LIMIT 1
        ) i ON true
        ORDER BY n.place, n.nth, n.id
        "#,
        category.uuid(),
        product.published_at,
        product.id.uuid(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
