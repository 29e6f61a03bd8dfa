//! Writing in bulk: one statement a table, arrays for parameters, what is there already left alone.

use anyhow::Context as _;
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::catalogue::{Catalogue, Group};
use super::growth::Growth;
use super::product::{Product, VIEWS, Variant};
use super::rates::RATES;
use super::sown::{id, id_at};

/// Name and priority, in the order of [`Variant::on_hand`].
const WAREHOUSES: [(&str, i32); 2] = [("Ikeja warehouse", 0), ("Abuja warehouse", 1)];

/// Categories, warehouses, delivery rates and the hand-made products, with the triggers at work.
/// Answers how many products were added.
#[expect(
    clippy::disallowed_methods,
    reason = "no request is served here, and nothing is cancelled"
)]
pub(super) async fn hand_made(
    database: &mut PgConnection,
    catalogue: &Catalogue,
    pictures: &str,
) -> anyhow::Result<u64> {
    let mut tx = database.begin().await?;
    categories(&mut tx, catalogue).await.context("categories")?;
    warehouses(&mut tx).await.context("locations")?;
    rates(&mut tx).await.context("delivery rates")?;
    let hand_made = catalogue.products();
    let added = products(&mut tx, &hand_made, pictures, Derived::ByTriggers).await?;
    tx.commit().await?;
    Ok(added)
}

/// Who makes what is derived of a product: its lowest price, its serial, what it is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derived {
    /// The triggers, when its variants are written.
    ByTriggers,
    /// The statement that writes it; it is told of its variants.
    AtOnce,
}

/// Products with all that hangs on them. Answers how many were added; what is there already is left
/// alone, but gets what it lacks.
pub(super) async fn products(
    tx: &mut PgConnection,
    products: &[Product],
    pictures: &str,
    derived: Derived,
) -> anyhow::Result<u64> {
    let added = only_products(tx, products, derived)
        .await
        .context("products")?;
    options(tx, products).await.context("options")?;
    variants(tx, products).await.context("variants")?;
    images(tx, products, pictures).await.context("pictures")?;
    for (index, (warehouse, _)) in WAREHOUSES.iter().enumerate() {
        stock(tx, products, id("location", warehouse), index)
            .await
            .context("stock")?;
    }
    Ok(added)
}

/// The narrow categories that only a grown catalogue has.
pub(super) async fn kinds(
    tx: &mut PgConnection,
    catalogue: &Catalogue,
    growth: &Growth,
) -> anyhow::Result<()> {
    for (position, kind) in (0_i32..).zip(&growth.kinds) {
        let holds = |group: &&Group| group.categories.iter().any(|c| c.slug == kind.category);
        let group = catalogue.groups.iter().find(holds);
        let above = match group {
            Some(group) if group.slug != kind.category => {
                format!("/{}/{}/", group.slug, kind.category)
            }
            _ => format!("/{}/", kind.category),
        };
        let path = format!("{above}{}/", kind.slug);
        let parent = Some(id("category", &kind.category));
        category(tx, parent, &kind.slug, &kind.name, position, &path)
            .await
            .context("categories")?;
    }
    Ok(())
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

/// A product is found by what the database's own functions make of it and its variants; the variants
/// are given, since to look them up for each product would take as long as all the rest. Its serial
/// rises with its publication (migrations/0040), as nearly as a batch allows.
async fn only_products(
    tx: &mut PgConnection,
    products: &[Product],
    derived: Derived,
) -> sqlx::Result<u64> {
    let of = |field: fn(&Product) -> &str| products.iter().map(field).collect::<Vec<_>>();
    let prices: Vec<_> = products.iter().map(Product::lowest_price).collect();
    let inserted = sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, description, status, published_at,
                               created_at, updated_at, lowest_price, compare_at_price, serial,
                               search_document)
         SELECT id, category_id, slug, name, description, status, published_at, created_at, created_at,
                lowest_price, compare_at_price, serial,
                CASE WHEN $11 THEN search_document_of(name, description, said, skus)
                    || narrowing_of(jsonb_populate_record(NULL::products, jsonb_build_object(
                           'category_id', category_id, 'serial', serial)), string_to_array(options, E'\n'))
                END
         FROM (SELECT *, CASE WHEN $11 THEN nextval('products_serial_seq') END AS serial
               FROM (SELECT *
                     FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                                 $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::bigint[],
                                 $12::text[], $13::text[], $14::text[])
                          AS p (id, category_id, slug, name, description, status, published_at,
                                created_at, lowest_price, compare_at_price, said, skus, options)
                     ORDER BY published_at NULLS FIRST) p) p
         ON CONFLICT DO NOTHING",
    )
    .bind(products.iter().map(|product| product.id).collect::<Vec<_>>())
    .bind(products.iter().map(|product| product.category_id).collect::<Vec<_>>())
    .bind(of(|product| &product.slug))
    .bind(of(|product| &product.name))
    .bind(of(|product| &product.description))
    .bind(of(|product| product.status))
    .bind(products.iter().map(|product| product.published_at).collect::<Vec<_>>())
    .bind(products.iter().map(|product| product.created_at).collect::<Vec<_>>())
    .bind(prices.iter().map(|price| price.map(|price| price.0)).collect::<Vec<_>>())
    .bind(prices.iter().map(|price| price.and_then(|price| price.1)).collect::<Vec<_>>())
    .bind(derived == Derived::AtOnce)
    .bind(products.iter().map(Product::said).collect::<Vec<_>>())
    .bind(products.iter().map(Product::skus).collect::<Vec<_>>())
    .bind(products.iter().map(Product::narrowed_by).collect::<Vec<_>>())
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
             (id, product_id, sku, options, price, compare_at_price, weight_grams, position, archived_at)
         SELECT v.id, v.product_id, v.sku, v.options, v.price, v.compare_at_price, v.weight, v.position,
                v.archived_at
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::bigint[], $6::bigint[],
                     $7::int[], $8::int[], $9::timestamptz[])
              AS v (id, product_id, sku, options, price, compare_at_price, weight, position,
                    archived_at)
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
    .bind(rows.iter().map(|row| row.2.archived_at).collect::<Vec<_>>())

    .execute(tx)
    .await?;
    Ok(())
}

/// Drawn by the stand-ins from the name in the address.
async fn images(tx: &mut PgConnection, products: &[Product], base: &str) -> sqlx::Result<()> {
    let views = (0_i32..).zip(VIEWS);
    let rows: Vec<(Uuid, Uuid, i32, String, String)> = products
        .iter()
        .flat_map(|product| {
            views
                .clone()
                .take(product.pictures)
                .map(move |(position, (ending, view))| {
                    let file = format!("{}{ending}", product.slug);
                    let (url, alt) = (
                        format!("{base}/{file}.svg"),
                        format!("{}{view}", product.name),
                    );
                    (
                        id_at("image", &file, product.created_at),
                        product.id,
                        position,
                        url,
                        alt,
                    )
                })
        })
        .collect();
    sqlx::query(
        "INSERT INTO product_images (id, product_id, position, url, alt)
         SELECT i.id, i.product_id, i.position, i.url, i.alt
         FROM UNNEST($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[])
              AS i (id, product_id, position, url, alt)
         JOIN products p ON p.id = i.product_id
         ON CONFLICT DO NOTHING",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.4.as_str()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Levels, and the movements that explain each: the sum of movements is the level, always. A level
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
    let of_the_first = |count: i64| if warehouse == 0 { count } else { 0 };
    let of = |count: &dyn Fn(&Variant) -> i64| kept.iter().map(|v| count(v)).collect::<Vec<_>>();
    sqlx::query(
        "WITH sown AS MATERIALIZED (
             SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $4::bigint[], $5::bigint[])
                           AS s (variant_id, on_hand, lost, backorder_limit)
         ), levels AS (
             INSERT INTO stock_levels (variant_id, location_id, on_hand, backorder_limit)
             SELECT s.variant_id, $3, s.on_hand, s.backorder_limit
             FROM sown s
             JOIN variants v ON v.id = s.variant_id
             ON CONFLICT DO NOTHING
             RETURNING variant_id, location_id
         )
         INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, reason, actor)
         SELECT s.variant_id, l.location_id, m.kind, m.on_hand, m.reason, 'cargo dev seed'
         FROM levels l
         JOIN sown s USING (variant_id)
         CROSS JOIN LATERAL (VALUES ('received', s.on_hand + s.lost, 'opening stock'),
                                    ('adjusted', -s.lost, 'damaged')) AS m (kind, on_hand, reason)
         WHERE m.on_hand <> 0",
    )
    .bind(kept.iter().map(|variant| variant.id).collect::<Vec<_>>())
    .bind(of(&|variant| variant.on_hand[warehouse]))
    .bind(location)
    .bind(of(&|variant| of_the_first(variant.lost)))
    .bind(of(&|variant| of_the_first(variant.backorder_limit)))
    .execute(tx)
    .await?;
    Ok(())
}
