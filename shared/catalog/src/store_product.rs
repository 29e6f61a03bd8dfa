//! The SQL that reads one product.

use std::collections::BTreeMap;

use database::{DatabaseError, PgConnection, money};
use domain::{Availability, CategoryId, ProductId, Slug};
use sqlx::types::Json;

use crate::{CategoryRef, Image, Product, ProductOption, ProductVariant};

/// A product without what is read apart.
pub(crate) struct Found {
    pub(crate) product: Product,
    pub(crate) category: CategoryId,
    pub(crate) show_quantity: bool,
}

/// The product without its variants. What hangs on it comes in the same round trip.
pub(crate) async fn find(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Option<Found>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT p.id, p.slug, p.name, p.description, p.currency, p.version, p.updated_at,
               p.lowest_price AS "lowest_price!", p.compare_at_price,
               p.published_at AS "published_at!", p.category_id, p.show_quantity, c.slug AS category_slug, c.name AS category_name,
               (SELECT jsonb_agg(jsonb_build_object('slug', a.slug, 'name', a.name)
                                 ORDER BY length(a.path))
                FROM categories a
                WHERE starts_with(c.path, a.path)) AS "breadcrumbs: Json<Vec<CategoryRef>>",
               (SELECT jsonb_agg(jsonb_build_object('name', o.name, 'values', o.option_values)
                                 ORDER BY o.position)
                FROM product_options o
                WHERE o.product_id = p.id) AS "options: Json<Vec<ProductOption>>",
               (SELECT jsonb_agg(jsonb_build_object('url', i.url, 'alt', i.alt)
                                 ORDER BY i.position, i.id)
                FROM product_images i
                WHERE i.product_id = p.id AND i.uploaded_at IS NOT NULL) AS "images: Json<Vec<Image>>"
        FROM products p JOIN categories c ON c.id = p.category_id
        WHERE p.slug = $1 AND p.status = 'published' AND p.lowest_price IS NOT NULL
          AND p.published_at <= now()
        "#,
        slug.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let compare_at_price = row
        .compare_at_price
        .map(|price| money(price, &row.currency));
    let product = Product {
        id: row.id.into(),
        slug: row.slug,
        name: row.name,
        description: row.description,
        price: money(row.lowest_price, &row.currency)?,
        compare_at_price: compare_at_price.transpose()?,
        category: CategoryRef {
            slug: row.category_slug,
            name: row.category_name,
        },
        breadcrumbs: row.breadcrumbs.map(|found| found.0).unwrap_or_default(),
        options: row.options.map(|found| found.0).unwrap_or_default(),
        variants: Vec::new(),
        images: row.images.map(|found| found.0).unwrap_or_default(),
        related: Vec::new(),
        version: row.version,
        published_at: row.published_at,
        updated_at: row.updated_at,
    };
    Ok(Some(Found {
        product,
        category: row.category_id.into(),
        show_quantity: row.show_quantity,
    }))
}

/// The variants on sale; one row for each level of each, so that the domain judges the stock.
pub(crate) async fn variants(
    connection: &mut PgConnection,
    product: ProductId,
    show_quantity: bool,
) -> Result<Vec<ProductVariant>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        SELECT v.id, v.sku, v.options AS "options: Json<BTreeMap<String, String>>", v.price,
               v.compare_at_price, v.currency, v.version,
               coalesce(s.on_hand, 0) AS "on_hand!", coalesce(s.reserved, 0) AS "reserved!",
               coalesce(s.backorder_limit, 0) AS "backorder_limit!",
               coalesce(s.low_stock_threshold, 0) AS "low_stock_threshold!"
        FROM variants v
        LEFT JOIN (stock_levels s JOIN locations l ON l.id = s.location_id AND l.active)
            ON s.variant_id = v.id
        WHERE v.product_id = $1 AND v.archived_at IS NULL
        ORDER BY v.position, v.id
        "#,
        product.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let mut variants: Vec<ProductVariant> = Vec::new();
    for row in rows {
        let offered = Availability::of(
            row.on_hand,
            row.reserved,
            row.backorder_limit,
            row.low_stock_threshold,
        );
        let quantity = show_quantity.then(|| (row.on_hand - row.reserved).max(0));
        if let Some(last) = variants.last_mut().filter(|last| last.id.uuid() == row.id) {
            // Declared from the best to the worst.
            last.availability = offered.min(last.availability);
            last.quantity = last.quantity.zip(quantity).map(|(a, b)| a + b);
            continue;
        }
        let amount = |amount| money(amount, &row.currency);
        variants.push(ProductVariant {
            id: row.id.into(),
            sku: row.sku,
            options: row.options.0,
            price: amount(row.price)?,
            compare_at_price: row.compare_at_price.map(amount).transpose()?,
            availability: offered,
            quantity,
            version: row.version,
        });
    }
    Ok(variants)
}
