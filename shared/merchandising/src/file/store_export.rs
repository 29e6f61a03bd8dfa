//! The SQL of exports.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, read_word};
use domain::{CategoryId, Cause, ExportId, ProductId, ProductStatus, Slug, Unreadable};
use sqlx::types::Json;
use uuid::Uuid;

use super::export::{Choice, Export, Part, Written};
use super::import::Failure;
use super::shelf;
use super::write::{WrittenProduct, WrittenVariant};

pub(super) async fn category(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Option<CategoryId>, DatabaseError> {
    let id = sqlx::query_scalar!("SELECT id FROM categories WHERE slug = $1", slug.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(id.map(CategoryId::from))
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ExportId,
    choice: Choice,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO product_exports (id, requested_by, requested_at, only_status, only_category)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        id.uuid(),
        cause.actor,
        cause.at,
        choice.status.map(ProductStatus::as_str),
        choice.category.map(CategoryId::uuid),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn find(
    connection: &mut PgConnection,
    id: ExportId,
) -> Result<Option<Export>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT id, status, requested_at, only_status, only_category, upload_id, part_etags, after_product,
               products, rows_written, bytes, complete, restarts, failure_code, failure, finished_at
        FROM product_exports
        WHERE id = $1
        "#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let status = row.only_status.as_deref().map(read_word).transpose()?;
    Ok(Some(Export {
        id: row.id.into(),
        status: read_word(&row.status)?,
        requested_at: row.requested_at,
        choice: Choice {
            status,
            category: row.only_category.map(CategoryId::from),
        },
        upload: row.upload_id,
        parts: row.part_etags,
        after: row.after_product.map(ProductId::from),
        written: Written {
            products: row.products.unsigned_abs(),
            rows: row.rows_written.unsigned_abs(),
            bytes: row.bytes.unsigned_abs(),
        },
        complete: row.complete,
        restarts: row.restarts,
        failure: row
            .failure_code
            .zip(row.failure)
            .map(|(code, detail)| Failure { code, detail }),
        finished_at: row.finished_at,
    }))
}

pub(super) async fn begin(
    connection: &mut PgConnection,
    id: ExportId,
    upload: &str,
    at: DateTime<Utc>,
) -> Result<bool, DatabaseError> {
    let begun = sqlx::query!(
        r#"
        UPDATE product_exports
        SET status = 'working', upload_id = $2, started_at = coalesce(started_at, $3)
        WHERE id = $1 AND finished_at IS NULL AND upload_id IS NULL
        "#,
        id.uuid(),
        upload,
        at,
    )
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// The products behind `after` in the order of their ids, whole: one statement sees one moment.
pub(super) async fn page(
    connection: &mut PgConnection,
    choice: Choice,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<WrittenProduct>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        SELECT p.id, p.slug, p.name, p.description, c.slug AS category, p.status, p.published_at,
               p.show_quantity, p.currency,
               (SELECT jsonb_agg(jsonb_build_object('name', o.name, 'values', o.option_values)
                                 ORDER BY o.position)
                FROM product_options o
                WHERE o.product_id = p.id) AS "options: Json<Vec<shelf::Choice>>",
               (SELECT jsonb_agg(jsonb_build_object(
                           'sku', v.sku, 'options', v.options, 'price', v.price,
                           'compare_at_price', v.compare_at_price, 'weight_grams', v.weight_grams,
                           'archived', v.archived_at IS NOT NULL) ORDER BY v.position, v.id)
                FROM variants v
                WHERE v.product_id = p.id) AS "variants: Json<Vec<WrittenVariant>>"
        FROM products p
        JOIN categories c ON c.id = p.category_id
        WHERE p.id > $1 AND ($2::text IS NULL OR p.status = $2)
          AND ($3::uuid IS NULL OR p.category_id IN (
              SELECT below.id
              FROM categories above
              JOIN categories below ON starts_with(below.path, above.path)
              WHERE above.id = $3))
        ORDER BY p.id
        LIMIT $4
        "#,
        after.map_or(Uuid::nil(), ProductId::uuid),
        choice.status.map(ProductStatus::as_str),
        choice.category.map(CategoryId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let products = rows.into_iter().map(|row| WrittenProduct {
        id: row.id.into(),
        slug: row.slug,
        name: row.name,
        description: row.description,
        category: row.category,
        status: row.status,
        published_at: row.published_at,
        show_quantity: row.show_quantity,
        currency: row.currency,
        options: row.options.map(|Json(options)| options).unwrap_or_default(),
        variants: row
            .variants
            .map(|Json(variants)| variants)
            .unwrap_or_default(),
    });
    Ok(products.collect())
}

/// Guarded by the number of parts: of two invocations that write the same part one is heard.
pub(super) async fn note(
    connection: &mut PgConnection,
    export: &Export,
    part: &Part,
    etag: &str,
) -> Result<bool, DatabaseError> {
    let parts = i32::try_from(export.parts.len()).map_err(|_| Unreadable {
        what: "the number of parts",
        word: export.parts.len().to_string(),
    })?;
    let noted = sqlx::query!(
        r#"
        UPDATE product_exports
        SET part_etags = part_etags || $4::text, after_product = $5, products = products + $6,
            rows_written = rows_written + $7, bytes = bytes + $8, complete = $9
        WHERE id = $1 AND upload_id = $2 AND cardinality(part_etags) = $3 AND NOT complete
          AND finished_at IS NULL
        "#,
        export.id.uuid(),
        export.upload,
        parts,
        etag,
        part.after.map(ProductId::uuid),
        number(part.written.products),
        number(part.written.rows),
        number(part.written.bytes),
        part.last,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

pub(super) async fn finish(
    connection: &mut PgConnection,
    id: ExportId,
    failure: Option<&Failure>,
    at: DateTime<Utc>,
) -> Result<bool, DatabaseError> {
    let finished = sqlx::query!(
        r#"
        UPDATE product_exports
        SET status = CASE WHEN $2::text IS NULL THEN 'done' ELSE 'failed' END, failure_code = $2,
            failure = $3, finished_at = $4, started_at = coalesce(started_at, $4)
        WHERE id = $1 AND finished_at IS NULL
        "#,
        id.uuid(),
        failure.map(|failure| failure.code.as_str()),
        failure.map(|failure| failure.detail.as_str()),
        at,
    )
    .execute(connection)
    .await?;
    Ok(finished.rows_affected() == 1)
}

pub(super) async fn restart(
    connection: &mut PgConnection,
    export: &Export,
) -> Result<bool, DatabaseError> {
    let restarted = sqlx::query!(
        r#"
        UPDATE product_exports
        SET upload_id = NULL, part_etags = '{}', after_product = NULL, products = 0, rows_written = 0,
            bytes = 0, complete = false, restarts = restarts + 1
        WHERE id = $1 AND upload_id IS NOT DISTINCT FROM $2 AND finished_at IS NULL
        "#,
        export.id.uuid(),
        export.upload,
    )
    .execute(connection)
    .await?;
    Ok(restarted.rows_affected() == 1)
}

/// What is written fits into a bucket.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
