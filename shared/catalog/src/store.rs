//! The SQL of the catalogue.

use std::collections::{BTreeMap, HashMap};

use database::{DatabaseError, PgConnection, money};
use domain::{ProductId, VariantId};
use sqlx::types::Json;
use uuid::Uuid;

use crate::ForSale;

pub(crate) async fn for_sale(
    connection: &mut PgConnection,
    variants: &[VariantId],
) -> Result<HashMap<VariantId, ForSale>, DatabaseError> {
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT v.id, p.name, p.slug, v.sku, v.options AS "options: Json<BTreeMap<String, String>>", v.price,
               v.currency
        FROM variants v JOIN products p ON p.id = v.product_id
        WHERE v.id = ANY($1) AND v.archived_at IS NULL AND p.status = 'published'
          AND p.published_at <= now()
        "#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let variant = VariantId::from(row.id);
            let price = money(row.price, &row.currency)?;
            let (product_name, product_slug) = (row.name, row.slug);
            let (sku, options) = (row.sku, row.options.0);
            Ok((
                variant,
                ForSale {
                    variant,
                    product_name,
                    product_slug,
                    sku,
                    options,
                    price,
                },
            ))
        })
        .collect()
}

pub(crate) async fn refresh(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"SELECT refresh_products($1)::text AS refreshed, learn_products($1)::text AS learnt"#,
        &[product.uuid()],
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
