//! The SQL of what a chunk is about: read at once, written at once, however many products it names.

use std::collections::HashMap;

use database::audit::{self, Change};
use database::outbox::{self, Announcement};
use database::{DatabaseError, PgConnection, read_word};
use domain::{Cause, Description, Event, ProductName, ProductStatus};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::apply::Named;
use super::shelf::{Choice, Facts, Product, Shelf, Variant, VariantFacts};

/// Reads what a chunk names, and locks its products, in the order in which everybody locks several.
pub(super) async fn load(
    connection: &mut PgConnection,
    named: &Named,
) -> Result<Shelf, DatabaseError> {
    let mut shelf = Shelf::default();
    let categories = sqlx::query!(
        "SELECT id, slug, path FROM categories WHERE slug = ANY($1) OR path = ANY($1)",
        &named.categories,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in categories {
        shelf.categories.insert(row.slug, row.id.into());
        shelf.categories.insert(row.path, row.id.into());
    }
    load_products(connection, named, &mut shelf).await?;
    load_variants(connection, &mut shelf).await?;
    let owners = sqlx::query!(
        "SELECT v.sku, p.slug FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1)",
        &named.skus,
    )
    .fetch_all(connection)
    .await?;
    shelf.owners = owners.into_iter().map(|row| (row.sku, row.slug)).collect();
    Ok(shelf)
}

async fn load_products(
    connection: &mut PgConnection,
    named: &Named,
    shelf: &mut Shelf,
) -> Result<(), DatabaseError> {
    let products = sqlx::query!(
        r#"
        SELECT id, slug, name, description, category_id, status, published_at, show_quantity, currency,
               (SELECT jsonb_agg(jsonb_build_object('name', o.name, 'values', o.option_values)
                                 ORDER BY o.position)
                FROM product_options o
                WHERE o.product_id = p.id) AS "options: Json<Vec<Choice>>"
        FROM products p
        WHERE slug = ANY($1)
        ORDER BY id
        FOR UPDATE
        "#,
        &named.slugs,
    )
    .fetch_all(connection)
    .await?;
    for row in products {
        let facts = Facts {
            name: tidy_name(row.name),
            description: tidy_description(row.description),
            category: row.category_id.into(),
            status: read_word(&row.status)?,
            published_at: row.published_at,
            show_quantity: row.show_quantity,
            currency: read_word(&row.currency)?,
            options: row.options.map(|Json(options)| options).unwrap_or_default(),
        };
        let product = Product {
            id: row.id.into(),
            slug: row.slug.clone(),
            was: Some(facts.clone()),
            is: facts,
            variants: Vec::new(),
        };
        shelf.products.insert(row.slug, product);
    }
    Ok(())
}

/// What was stored before texts were tidied differs from its own cell in nothing that anybody sees.
fn tidy_name(text: String) -> String {
    ProductName::parse(&text).map_or(text, |name| name.to_string())
}

fn tidy_description(text: String) -> String {
    Description::parse(&text).map_or(text, |tidy| tidy.as_str().to_owned())
}

async fn load_variants(
    connection: &mut PgConnection,
    shelf: &mut Shelf,
) -> Result<(), DatabaseError> {
    let mut products: HashMap<Uuid, &mut Product> = HashMap::new();
    for product in shelf.products.values_mut() {
        products.insert(product.id.uuid(), product);
    }
    let ids: Vec<Uuid> = products.keys().copied().collect();
    let variants = sqlx::query!(
        r#"
        SELECT id, product_id, sku, options AS "options: Json<std::collections::BTreeMap<String, String>>",
               price, compare_at_price, weight_grams, position, archived_at
        FROM variants
        WHERE product_id = ANY($1)
        ORDER BY position, id
        "#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    for row in variants {
        let facts = VariantFacts {
            options: row.options.0,
            price: row.price,
            compare_at_price: row.compare_at_price,
            weight_grams: row.weight_grams,
            archived_at: row.archived_at,
        };
        if let Some(product) = products.get_mut(&row.product_id) {
            product.variants.push(Variant {
                id: row.id.into(),
                sku: row.sku,
                position: row.position,
                was: Some(facts.clone()),
                is: facts,
            });
        }
    }
    Ok(())
}

/// Writes what differs, writes it down and announces it. False where somebody else has meanwhile made a
/// product or variant of the same name; the transaction must then be given up.
pub(super) async fn save(
    connection: &mut PgConnection,
    cause: &Cause,
    shelf: &Shelf,
) -> Result<bool, DatabaseError> {
    let changed: Vec<&Product> = shelf
        .products
        .values()
        .filter(|product| product.is_changed())
        .collect();
    if changed.is_empty() {
        return Ok(true);
    }
    let made = insert_products(connection, cause, &changed).await?;
    update_products(connection, cause, &changed).await?;
    put_options(connection, &changed).await?;
    let variants: Vec<(&Product, &Variant)> = changed
        .iter()
        .flat_map(|product| {
            product
                .variants
                .iter()
                .map(move |variant| (*product, variant))
        })
        .filter(|(_, variant)| variant.is_changed())
        .collect();
    step_aside(connection, &variants).await?;
    update_variants(connection, cause, &variants).await?;
    let made = made && insert_variants(connection, cause, &variants).await?;
    write_down(connection, cause, &changed).await?;
    announce(connection, cause, &changed).await?;
    Ok(made)
}

async fn insert_products(
    connection: &mut PgConnection,
    cause: &Cause,
    changed: &[&Product],
) -> Result<bool, DatabaseError> {
    let rows: Vec<Value> = changed
        .iter()
        .filter(|product| product.is_new())
        .map(|product| row(product))
        .collect();
    if rows.is_empty() {
        return Ok(true);
    }
    let made = sqlx::query!(
        r#"
        INSERT INTO products
            (id, slug, name, description, category_id, status, published_at, show_quantity, currency,
             created_at, updated_at)
        SELECT r.id, r.slug, r.name, r.description, r.category_id, r.status, r.published_at,
               r.show_quantity, r.currency, $2, $2
        FROM jsonb_to_recordset($1) AS r (
            id uuid, slug text, name text, description text, category_id uuid, status text,
            published_at timestamptz, show_quantity boolean, currency char(3))
        ON CONFLICT (slug) DO NOTHING
        "#,
        Value::Array(rows.clone()),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(usize::try_from(made.rows_affected()) == Ok(rows.len()))
}

/// Also counts up the version of those of which only variants change.
async fn update_products(
    connection: &mut PgConnection,
    cause: &Cause,
    changed: &[&Product],
) -> Result<(), DatabaseError> {
    let rows: Vec<Value> = changed
        .iter()
        .filter(|product| !product.is_new())
        .map(|product| row(product))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        UPDATE products p
        SET name = r.name, description = r.description, category_id = r.category_id, status = r.status,
            published_at = r.published_at, show_quantity = r.show_quantity, currency = r.currency,
            version = p.version + 1, updated_at = $2
        FROM jsonb_to_recordset($1) AS r (
            id uuid, name text, description text, category_id uuid, status text,
            published_at timestamptz, show_quantity boolean, currency char(3))
        WHERE p.id = r.id
        "#,
        Value::Array(rows),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn row(product: &Product) -> Value {
    let is = &product.is;
    json!({
        "id": product.id, "slug": product.slug, "name": is.name, "description": is.description,
        "category_id": is.category, "status": is.status, "published_at": is.published_at,
        "show_quantity": is.show_quantity, "currency": is.currency,
    })
}

async fn put_options(
    connection: &mut PgConnection,
    changed: &[&Product],
) -> Result<(), DatabaseError> {
    let differ = |product: &&&Product| {
        let was = product.was.as_ref().map(|was| was.options.as_slice());
        was.unwrap_or_default() != product.is.options.as_slice()
    };
    let changed: Vec<&&Product> = changed.iter().filter(differ).collect();
    let ids: Vec<Uuid> = changed.iter().map(|product| product.id.uuid()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let choices = changed.iter().flat_map(|product| {
        let places = product.is.options.iter().enumerate();
        places.map(|(place, choice)| {
            json!({ "product_id": product.id, "position": place, "name": choice.name, "values": choice.values })
        })
    });
    sqlx::query!(
        "DELETE FROM product_options WHERE product_id = ANY($1)",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        INSERT INTO product_options (product_id, position, name, option_values)
        SELECT r.product_id, r.position, r.name, r.values
        FROM jsonb_to_recordset($1) AS r (product_id uuid, position smallint, name text, values text[])
        "#,
        choices.collect::<Value>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Variants that take each other's places would meet on their way: those that move first go where nobody
/// is. A number is no word that search would learn.
async fn step_aside(
    connection: &mut PgConnection,
    variants: &[(&Product, &Variant)],
) -> Result<(), DatabaseError> {
    let moved = variants.iter().filter(|(_, variant)| variant.is_moved());
    let ids: Vec<Uuid> = moved.map(|(_, variant)| variant.id.uuid()).collect();
    if ids.len() < 2 {
        return Ok(());
    }
    sqlx::query!(
        r#"
        UPDATE variants v
        SET options = jsonb_build_object('0', aside.number::text)
        FROM unnest($1::uuid[]) WITH ORDINALITY AS aside (id, number)
        WHERE v.id = aside.id
        "#,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_variants(
    connection: &mut PgConnection,
    cause: &Cause,
    variants: &[(&Product, &Variant)],
) -> Result<(), DatabaseError> {
    let known = variants.iter().filter(|(_, variant)| variant.was.is_some());
    let rows: Vec<Value> = known
        .map(|(product, variant)| variant_row(product, variant))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        UPDATE variants v
        SET options = r.options, price = r.price, compare_at_price = r.compare_at_price,
            weight_grams = r.weight_grams, archived_at = r.archived_at, version = v.version + 1,
            updated_at = $2
        FROM jsonb_to_recordset($1) AS r (
            id uuid, options jsonb, price bigint, compare_at_price bigint, weight_grams integer,
            archived_at timestamptz)
        WHERE v.id = r.id
        "#,
        Value::Array(rows),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_variants(
    connection: &mut PgConnection,
    cause: &Cause,
    variants: &[(&Product, &Variant)],
) -> Result<bool, DatabaseError> {
    let new = variants.iter().filter(|(_, variant)| variant.was.is_none());
    let rows: Vec<Value> = new
        .map(|(product, variant)| variant_row(product, variant))
        .collect();
    if rows.is_empty() {
        return Ok(true);
    }
    let made = sqlx::query!(
        r#"
        INSERT INTO variants
            (id, product_id, sku, options, price, compare_at_price, currency, weight_grams, position,
             archived_at, created_at, updated_at)
        SELECT r.id, r.product_id, r.sku, r.options, r.price, r.compare_at_price, r.currency,
               r.weight_grams, r.position, r.archived_at, $2, $2
        FROM jsonb_to_recordset($1) AS r (
            id uuid, product_id uuid, sku text, options jsonb, price bigint, compare_at_price bigint,
            currency char(3), weight_grams integer, position integer, archived_at timestamptz)
        ON CONFLICT (sku) DO NOTHING
        "#,
        Value::Array(rows.clone()),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(usize::try_from(made.rows_affected()) == Ok(rows.len()))
}

fn variant_row(product: &Product, variant: &Variant) -> Value {
    let is = &variant.is;
    json!({
        "id": variant.id, "product_id": product.id, "sku": variant.sku, "options": is.options,
        "price": is.price, "compare_at_price": is.compare_at_price, "currency": product.is.currency,
        "weight_grams": is.weight_grams, "position": variant.position, "archived_at": is.archived_at,
    })
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    changed: &[&Product],
) -> Result<(), DatabaseError> {
    let change = |product: &&Product| {
        let (before, after) = product.audited();
        Change {
            action: if product.is_new() {
                "product.created"
            } else {
                "product.updated"
            },
            entity: "product",
            id: product.id.uuid(),
            before,
            after,
        }
    };
    let changes: Vec<Change<'_>> = changed.iter().map(change).collect();
    audit::record_all(connection, cause, &changes).await
}

async fn announce(
    connection: &mut PgConnection,
    cause: &Cause,
    changed: &[&Product],
) -> Result<(), DatabaseError> {
    let announcements: Vec<Announcement> = changed
        .iter()
        .flat_map(|product| announcements(cause, product))
        .collect();
    outbox::announce(connection, cause.at, &cause.correlation_id, &announcements).await
}

/// What happened, and once more when its time to be shown has come, where that is new.
fn announcements(cause: &Cause, product: &Product) -> Vec<Announcement> {
    let (product_id, is) = (product.id, &product.is);
    let was = product
        .was
        .as_ref()
        .map(|was| (was.status, was.published_at));
    let archived = is.status == ProductStatus::Archived;
    let event = match was {
        None => Event::ProductCreated { product_id },
        Some((before, _)) if archived && before != is.status => {
            Event::ProductArchived { product_id }
        }
        Some(_) => Event::ProductUpdated { product_id },
    };
    let told = was == Some((is.status, is.published_at)) || is.status != ProductStatus::Published;
    let at = is.published_at.filter(|_| !told);
    let wait = at
        .and_then(|at| (at - cause.at).to_std().ok())
        .filter(|wait| !wait.is_zero());
    let later = wait.map(|wait| Announcement::after(wait, Event::ProductUpdated { product_id }));
    [Some(Announcement::now(event)), later]
        .into_iter()
        .flatten()
        .collect()
}
