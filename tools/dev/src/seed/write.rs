//! Writing in bulk: one statement a table, arrays for parameters, what is there already left alone.

use anyhow::Context as _;
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::catalogue::{Catalogue, Product, Variant};
use super::rates::RATES;
use super::sown::id;

/// Name and priority, in the order of [`Variant::on_hand`].
const WAREHOUSES: [(&str, i32); 2] = [("Ikeja warehouse", 0), ("Abuja warehouse", 1)];

/// Categories, warehouses and delivery rates.
#[expect(
    clippy::disallowed_methods,
    reason = "no request is served here, and nothing is cancelled"
)]
pub(super) async fn frame(
    database: &mut PgConnection,
    catalogue: &Catalogue,
) -> anyhow::Result<()> {
    let mut tx = database.begin().await?;
    categories(&mut tx, catalogue).await.context("categories")?;
    warehouses(&mut tx).await.context("locations")?;
    rates(&mut tx).await.context("delivery rates")?;
    Ok(tx.commit().await?)
}

/// One batch of products with all that hangs on them, in one transaction.
#[expect(
    clippy::disallowed_methods,
    reason = "no request is served here, and nothing is cancelled"
)]
pub(super) async fn products(
    database: &mut PgConnection,
    products: &[Product],
    pictures: &str,
) -> anyhow::Result<u64> {
    let mut tx = database.begin().await?;
    let added = only_products(&mut tx, products).await.context("products")?;
    options(&mut tx, products).await.context("options")?;
    variants(&mut tx, products).await.context("variants")?;
    images(&mut tx, products, pictures)
        .await
        .context("pictures")?;
    for (index, (warehouse, _)) in WAREHOUSES.iter().enumerate() {
        stock(&mut tx, products, id("location", warehouse), index)
            .await
            .context("stock")?;
    }
    tx.commit().await?;
    Ok(added)
}

async fn categories(tx: &mut PgConnection, catalogue: &Catalogue) -> sqlx::Result<()> {
    for (position, group) in (0_i32..).zip(&catalogue.groups) {
        let path = format!("/{}/", group.slug);
        category(tx, None, &group.slug, &group.name, position, &path).await?;
        for (position, child) in (0_i32..).zip(&group.categories) {
            // A group of one category is that category's parent all the same, unless they are one.
            if child.slug != group.slug {
                let path = format!("/{}/{}/", group.slug, child.slug);
                let parent = Some(id("category", &group.slug));
                category(tx, parent, &child.slug, &child.name, position, &path).await?;
            }
        }
    }
    Ok(())
}

async fn category(
    tx: &mut PgConnection,
    parent: Option<Uuid>,
    slug: &str,
    name: &str,
    position: i32,
    path: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO categories (id, parent_id, slug, name, position, path)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(id("category", slug))
    .bind(parent)
    .bind(slug)
    .bind(name)
    .bind(position)
    .bind(path)
    .execute(tx)
    .await?;
    Ok(())
}

async fn warehouses(tx: &mut PgConnection) -> sqlx::Result<()> {
    for (name, priority) in WAREHOUSES {
        sqlx::query(
            "INSERT INTO locations (id, name, priority) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .bind(id("location", name))
        .bind(name)
        .bind(priority)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn rates(tx: &mut PgConnection) -> sqlx::Result<()> {
    for (naira, pay_on_delivery, states) in RATES {
        sqlx::query(
            "INSERT INTO delivery_rates (state, amount, pay_on_delivery)
             SELECT state, $2, $3 FROM UNNEST($1::text[]) AS state
             ON CONFLICT DO NOTHING",
        )
        .bind(states)
        .bind(naira * 100)
        .bind(pay_on_delivery)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn only_products(tx: &mut PgConnection, products: &[Product]) -> sqlx::Result<u64> {
    let of = |field: fn(&Product) -> &str| products.iter().map(field).collect::<Vec<_>>();
    let inserted = sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, description, status, published_at)
         SELECT id, category_id, slug, name, description, 'published', published_at
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
              AS p (id, category_id, slug, name, description, published_at)
         ON CONFLICT DO NOTHING",
    )
    .bind(
        products
            .iter()
            .map(|product| product.id)
            .collect::<Vec<_>>(),
    )
    .bind(
        products
            .iter()
            .map(|product| product.category_id)
            .collect::<Vec<_>>(),
    )
    .bind(of(|product| &product.slug))
    .bind(of(|product| &product.name))
    .bind(of(|product| &product.description))
    .bind(
        products
            .iter()
            .map(|product| product.published_at)
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected())
}

/// Joined with the products that are there: one whose slug somebody else has taken is left out.
async fn options(tx: &mut PgConnection, products: &[Product]) -> sqlx::Result<()> {
    let rows: Vec<(Uuid, i16, &str, Json<&[String]>)> = products
        .iter()
        .flat_map(|product| {
            (0_i16..)
                .zip(&product.options)
                .map(|(position, (name, values))| {
                    (product.id, position, name.as_str(), Json(values.as_slice()))
                })
        })
        .collect();
    sqlx::query(
        "INSERT INTO product_options (product_id, position, name, option_values)
         SELECT o.product_id, o.position, o.name, ARRAY(SELECT jsonb_array_elements_text(o.chosen))
         FROM UNNEST($1::uuid[], $2::smallint[], $3::text[], $4::jsonb[])
              AS o (product_id, position, name, chosen)
         JOIN products p ON p.id = o.product_id
         ON CONFLICT DO NOTHING",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn variants(tx: &mut PgConnection, products: &[Product]) -> sqlx::Result<()> {
    let rows: Vec<(Uuid, i32, &Variant)> = products
        .iter()
        .flat_map(|product| {
            let variants = (0_i32..).zip(&product.variants);
            variants.map(|(position, variant)| (product.id, position, variant))
        })
        .collect();
    sqlx::query(
        "INSERT INTO variants
             (id, product_id, sku, options, price, compare_at_price, weight_grams, position)
         SELECT v.id, v.product_id, v.sku, v.options, v.price, v.compare_at_price, v.weight, v.position
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::bigint[], $6::bigint[],
                     $7::int[], $8::int[])
              AS v (id, product_id, sku, options, price, compare_at_price, weight, position)
         JOIN products p ON p.id = v.product_id
         ON CONFLICT DO NOTHING",
    )
    .bind(rows.iter().map(|row| row.2.id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.sku.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| Json(&row.2.options)).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.price).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.compare_at_price).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.weight_grams).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Two pictures a product, drawn by the stand-ins from the name in the address.
async fn images(tx: &mut PgConnection, products: &[Product], base: &str) -> sqlx::Result<()> {
    for (position, ending, view) in [(0, "", ""), (1, "-detail", ", in detail")] {
        let file = |product: &Product| format!("{}{ending}", product.slug);
        sqlx::query(
            "INSERT INTO product_images (id, product_id, position, url, alt)
             SELECT i.id, i.product_id, $5, i.url, i.alt
             FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS i (id, product_id, url, alt)
             JOIN products p ON p.id = i.product_id
             ON CONFLICT DO NOTHING",
        )
        .bind(products.iter().map(|product| id("image", &file(product))).collect::<Vec<_>>())
        .bind(products.iter().map(|product| product.id).collect::<Vec<_>>())
        .bind(products.iter().map(|p| format!("{base}/{}.svg", file(p))).collect::<Vec<_>>())
        .bind(products.iter().map(|product| format!("{}{view}", product.name)).collect::<Vec<_>>())
        .bind(position)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Levels, and the movement that explains each: the sum of movements is the level, always. A level
/// that is there already has a history of its own.
async fn stock(
    tx: &mut PgConnection,
    products: &[Product],
    location: Uuid,
    warehouse: usize,
) -> sqlx::Result<()> {
    let variants = products.iter().flat_map(|product| &product.variants);
    // The first warehouse keeps a level for everything, the others for what lies there.
    let kept: Vec<&Variant> = variants
        .filter(|variant| warehouse == 0 || variant.on_hand[warehouse] > 0)
        .collect();
    sqlx::query(
        "WITH levels AS (
             INSERT INTO stock_levels (variant_id, location_id, on_hand)
             SELECT s.variant_id, $3, s.on_hand
             FROM UNNEST($1::uuid[], $2::bigint[]) AS s (variant_id, on_hand)
             JOIN variants v ON v.id = s.variant_id
             ON CONFLICT DO NOTHING
             RETURNING variant_id, location_id, on_hand
         )
         INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, reason, actor)
         SELECT variant_id, location_id, 'received', on_hand, 'opening stock', 'cargo dev seed'
         FROM levels
         WHERE on_hand > 0",
    )
    .bind(kept.iter().map(|variant| variant.id).collect::<Vec<_>>())
    .bind(
        kept.iter()
            .map(|variant| variant.on_hand[warehouse])
            .collect::<Vec<_>>(),
    )
    .bind(location)
    .execute(tx)
    .await?;
    Ok(())
}
