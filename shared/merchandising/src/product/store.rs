//! The SQL of products.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money, read_word};
use domain::{
    Cause, OptionValue, ProductId, ProductOption, ProductOptions, ProductStatus, Slug, Unreadable,
};
use sqlx::types::Json;

use super::{CategoryLink, Product, StoredOption};

/// Locks a product's row; false where there is none.
pub(super) async fn lock(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<bool, DatabaseError> {
    let locked = sqlx::query!(
        "SELECT id FROM products WHERE id = $1 FOR UPDATE",
        product.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(locked.is_some())
}

/// The product without its variants and pictures.
pub(super) async fn find(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Option<Product>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT p.id, p.slug, p.name, p.description, p.status, p.published_at, p.currency,
               p.lowest_price, p.show_quantity, p.version, p.created_at, p.updated_at,
               c.id AS category_id, c.slug AS category_slug, c.name AS category_name,
               (SELECT jsonb_agg(jsonb_build_object('name', o.name, 'values', o.option_values)
                                 ORDER BY o.position)
                FROM product_options o
                WHERE o.product_id = p.id) AS "options: Json<Vec<StoredOption>>"
        FROM products p JOIN categories c ON c.id = p.category_id
        WHERE p.id = $1
        "#,
        product.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let lowest_price = row.lowest_price.map(|price| money(price, &row.currency));
    Ok(Some(Product {
        id: row.id.into(),
        slug: row.slug,
        name: row.name,
        description: row.description,
        category: CategoryLink {
            id: row.category_id.into(),
            slug: row.category_slug,
            name: row.category_name,
        },
        status: read_word(&row.status)?,
        published_at: row.published_at,
        currency: read_word(&row.currency)?,
        lowest_price: lowest_price.transpose()?,
        show_quantity: row.show_quantity,
        options: read_options(row.options.map(|found| found.0).unwrap_or_default())?,
        variants: Vec::new(),
        images: Vec::new(),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

fn read_options(stored: Vec<StoredOption>) -> Result<ProductOptions, Unreadable> {
    let options: Result<Vec<ProductOption>, _> =
        stored.into_iter().map(StoredOption::read).collect();
    ProductOptions::new(options?).map_err(|error| Unreadable {
        what: "ProductOptions",
        word: error.to_string(),
    })
}

/// Writes a new product without its options and variants; false where another has its slug, also one
/// that another transaction is just writing.
pub(super) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    new: &super::NewProduct,
    id: ProductId,
    slug: &Slug,
    published_at: Option<DateTime<Utc>>,
) -> Result<bool, DatabaseError> {
    let written = sqlx::query!(
        r#"
        INSERT INTO products (id, category_id, slug, name, description, status, published_at, currency,
                              show_quantity, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        ON CONFLICT (slug) DO NOTHING
        "#,
        id.uuid(),
        new.category.uuid(),
        slug.as_str(),
        new.name.as_str(),
        new.description.as_str(),
        new.status.as_str(),
        published_at,
        new.currency.as_str(),
        new.show_quantity,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Writes what a product is now, over the version that it was; counts the version up.
pub(super) async fn update(
    connection: &mut PgConnection,
    product: &Product,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE products
        SET category_id = $2, slug = $3, name = $4, description = $5, status = $6, published_at = $7,
            currency = $8, show_quantity = $9, updated_at = $10, version = version + 1
        WHERE id = $1
        "#,
        product.id.uuid(),
        product.category.id.uuid(),
        product.slug,
        product.name,
        product.description,
        product.status.as_str(),
        product.published_at,
        product.currency.as_str(),
        product.show_quantity,
        product.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Archives a product.
pub(super) async fn set_status(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
    status: ProductStatus,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE products SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        product.uuid(),
        status.as_str(),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn count_up(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
) -> Result<i64, DatabaseError> {
    let version = sqlx::query_scalar!(
        "UPDATE products SET version = version + 1, updated_at = $2 WHERE id = $1 RETURNING version",
        product.uuid(),
        cause.at,
    )
    .fetch_one(connection)
    .await?;
    Ok(version)
}

/// Puts these options in the place of a product's.
pub(super) async fn put_options(
    connection: &mut PgConnection,
    product: ProductId,
    options: &ProductOptions,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "DELETE FROM product_options WHERE product_id = $1",
        product.uuid()
    )
    .execute(&mut *connection)
    .await?;
    let names: Vec<String> = options.all().iter().map(|o| o.name.to_string()).collect();
    let values: Vec<serde_json::Value> = options
        .all()
        .iter()
        .map(|option| option.values.iter().map(OptionValue::as_str).collect())
        .collect();
    sqlx::query!(
        r#"
        INSERT INTO product_options (product_id, position, name, option_values)
        SELECT $1, o.place - 1, o.name,
               ARRAY(SELECT v.value
                     FROM jsonb_array_elements_text(o.all_values) WITH ORDINALITY AS v (value, place)
                     ORDER BY v.place)
        FROM unnest($2::text[], $3::jsonb[]) WITH ORDINALITY AS o (name, all_values, place)
        "#,
        product.uuid(),
        &names,
        &values,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the product that has a slug, where there is one.
pub(super) async fn lock_slug(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "SELECT id FROM products WHERE slug = $1 FOR UPDATE",
        slug.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// The first number from 2 on with which nobody has this slug; none among the first thousand where
/// all are taken.
pub(super) async fn free_number(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Option<i64>, DatabaseError> {
    let number = sqlx::query_scalar!(
        r#"
        SELECT n AS "n!"
        FROM generate_series(2::bigint, 1000) n
        WHERE NOT EXISTS (SELECT FROM products p WHERE p.slug = $1 || '-' || n)
        ORDER BY n
        LIMIT 1
        "#,
        slug.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(number)
}

/// Texts without accents, capitals and punctuation, as search sees them.
pub(crate) async fn folded(
    connection: &mut PgConnection,
    texts: &[String],
) -> Result<Vec<String>, DatabaseError> {
    let folded = sqlx::query_scalar!(
        r#"
        SELECT folded(t.words) AS "folded!"
        FROM unnest($1::text[]) WITH ORDINALITY AS t (words, place)
        ORDER BY t.place
        "#,
        texts,
    )
    .fetch_all(connection)
    .await?;
    Ok(folded)
}
