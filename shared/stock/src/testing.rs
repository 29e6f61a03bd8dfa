//! Products with stock, for tests.

use database::PgConnection;
use domain::{LocationId, VariantId};
use uuid::Uuid;

/// A published product of one variant at `price` kobo, with so many pieces on one shelf, and the
/// movement that explains them.
///
/// # Panics
/// Where the database refuses.
pub async fn a_product(connection: &mut PgConnection, price: i64, on_hand: i64) -> VariantId {
    let shelf = a_location(connection, "Main shelf", 0).await;
    let variant = VariantId::new();
    let (category, product) = (Uuid::now_v7(), Uuid::now_v7());
    let tag = variant.uuid().simple().to_string();
    sqlx::query(
        "INSERT INTO categories (id, slug, name, path) VALUES ($1, $2, 'Shoes', '/' || $2 || '/')",
    )
    .bind(category)
    .bind(format!("shoes-{tag}"))
    .execute(&mut *connection)
    .await
    .expect("a category");
    sqlx::query(
        "INSERT INTO products (id, category_id, slug, name, status, published_at)
         VALUES ($1, $2, $3, 'Leather sandals', 'published', now())",
    )
    .bind(product)
    .bind(category)
    .bind(format!("sandals-{tag}"))
    .execute(&mut *connection)
    .await
    .expect("a product");
    sqlx::query(
        "INSERT INTO variants (id, product_id, sku, options, price, weight_grams)
         VALUES ($1, $2, $3, '{\"Size\": \"42\"}', $4, 700)",
    )
    .bind(variant.uuid())
    .bind(product)
    .bind(format!("SAN-{}", tag.to_uppercase()))
    .bind(price)
    .execute(&mut *connection)
    .await
    .expect("a variant");
    stock_at(connection, variant, shelf, on_hand).await;
    variant
}

/// A location by its name, made where there is none.
///
/// # Panics
/// Where the database refuses.
pub async fn a_location(connection: &mut PgConnection, name: &str, priority: i32) -> LocationId {
    let id: Uuid = sqlx::query_scalar(
        "INSERT INTO locations (id, name, priority) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET priority = excluded.priority RETURNING id",
    )
    .bind(Uuid::now_v7())
    .bind(name)
    .bind(priority)
    .fetch_one(connection)
    .await
    .expect("a location");
    id.into()
}

/// Puts pieces on a shelf, with their movement.
///
/// # Panics
/// Where the database refuses.
pub async fn stock_at(
    connection: &mut PgConnection,
    variant: VariantId,
    location: LocationId,
    on_hand: i64,
) {
    sqlx::query("INSERT INTO stock_levels (variant_id, location_id, on_hand) VALUES ($1, $2, $3)")
        .bind(variant.uuid())
        .bind(location.uuid())
        .bind(on_hand)
        .execute(&mut *connection)
        .await
        .expect("a level");
    if on_hand > 0 {
        sqlx::query(
            "INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, actor)
             VALUES ($1, $2, 'received', $3, 'test')",
        )
        .bind(variant.uuid())
        .bind(location.uuid())
        .bind(on_hand)
        .execute(&mut *connection)
        .await
        .expect("a movement");
    }
}

/// `(on_hand, reserved)` of a variant over all locations.
///
/// # Panics
/// Where the database refuses.
pub async fn counters(connection: &mut PgConnection, variant: VariantId) -> (i64, i64) {
    sqlx::query_as(
        "SELECT coalesce(sum(on_hand), 0)::bigint, coalesce(sum(reserved), 0)::bigint
         FROM stock_levels WHERE variant_id = $1",
    )
    .bind(variant.uuid())
    .fetch_one(connection)
    .await
    .expect("counters")
}
