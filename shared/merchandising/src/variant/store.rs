//! The SQL of variants.

use std::collections::BTreeMap;

use database::{DatabaseError, PgConnection, money};
use domain::{Cause, Combination, ProductId, Sku, Unreadable, VariantId};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::{NewVariant, Variant};
use crate::product::{ProductError, read_name, read_value};

/// A row as it is stored.
struct Row {
    id: Uuid,
    product_id: Uuid,
    sku: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    compare_at_price: Option<i64>,
    currency: String,
    weight_grams: i32,
    position: i32,
    archived_at: Option<chrono::DateTime<chrono::Utc>>,
    version: i64,
}

impl TryFrom<Row> for Variant {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let amount = |amount| money(amount, &row.currency);
        Ok(Self {
            id: row.id.into(),
            product: row.product_id.into(),
            sku: row.sku,
            options: combination(&row.options.0)?,
            price: amount(row.price)?,
            compare_at_price: row.compare_at_price.map(amount).transpose()?,
            weight_grams: row.weight_grams,
            position: row.position,
            archived_at: row.archived_at,
            version: row.version,
        })
    }
}

fn combination(stored: &BTreeMap<String, String>) -> Result<Combination, Unreadable> {
    let pair = |(name, value): (&String, &String)| Ok((read_name(name)?, read_value(value)?));
    let values: Result<_, Unreadable> = stored.iter().map(pair).collect();
    values.map(Combination::new)
}

/// All variants of a product, in the shop's order.
pub(crate) async fn of_product(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Vec<Variant>, DatabaseError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, product_id, sku, options AS "options: Json<BTreeMap<String, String>>", price,
               compare_at_price, currency, weight_grams, position, archived_at, version
        FROM variants
        WHERE product_id = $1
        ORDER BY position, id
        "#,
        product.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Variant::try_from).collect()
}

/// The product of a variant; it stays the same for ever.
pub(super) async fn product_of(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<ProductId>, DatabaseError> {
    let product = sqlx::query_scalar!(
        "SELECT product_id FROM variants WHERE id = $1",
        variant.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(product.map(ProductId::from))
}

/// Refuses SKUs that are known, all at once.
pub(crate) async fn refuse_known(
    connection: &mut PgConnection,
    skus: &[&Sku],
) -> Result<(), ProductError> {
    let asked: Vec<String> = skus.iter().map(|sku| sku.as_str().to_owned()).collect();
    let known = sqlx::query_scalar!("SELECT sku FROM variants WHERE sku = ANY($1)", &asked)
        .fetch_all(connection)
        .await?;
    let is_known = |sku: &Sku| known.iter().any(|known| known == sku.as_str());
    let taken: Vec<(usize, Sku)> = skus
        .iter()
        .enumerate()
        .filter(|(_, sku)| is_known(sku))
        .map(|(place, sku)| (place, (*sku).clone()))
        .collect();
    if taken.is_empty() {
        Ok(())
    } else {
        Err(ProductError::SkuTaken(taken))
    }
}

/// Writes new variants of a product, in one statement. Those without a position come behind one another
/// from 0 on.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
    variants: &[NewVariant],
) -> Result<Vec<VariantId>, ProductError> {
    let ids: Vec<Uuid> = variants.iter().map(|_| Uuid::now_v7()).collect();
    let rows: Vec<Value> = (0_i32..)
        .zip(variants)
        .map(|(place, new)| described(new, place))
        .collect();
    sqlx::query!(
        r#"
        INSERT INTO variants (id, product_id, sku, options, price, compare_at_price, currency, weight_grams,
                              position, created_at, updated_at)
        SELECT v.id, $1, v.said->>'sku', v.said->'options', (v.said->>'price')::bigint,
               (v.said->>'compare_at_price')::bigint, v.said->>'currency', (v.said->>'weight_grams')::integer,
               (v.said->>'position')::integer, $4, $4
        FROM unnest($2::uuid[], $3::jsonb[]) AS v (id, said)
        "#,
        product.uuid(),
        &ids,
        &rows,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}

fn described(new: &NewVariant, place: i32) -> Value {
    json!({
        "sku": new.sku, "options": new.options, "price": new.price.price().amount(),
        "compare_at_price": new.price.compare_at().map(domain::Money::amount),
        "currency": new.price.price().currency(), "weight_grams": new.weight_grams,
        "position": new.position.unwrap_or(place),
    })
}

/// Writes what a variant is now; counts its version up.
pub(super) async fn update(
    connection: &mut PgConnection,
    cause: &Cause,
    variant: &Variant,
) -> Result<(), ProductError> {
    sqlx::query!(
        r#"
        UPDATE variants
        SET sku = $2, options = $3, price = $4, compare_at_price = $5, currency = $6, weight_grams = $7,
            position = $8, archived_at = $9, updated_at = $10, version = version + 1
        WHERE id = $1
        "#,
        variant.id.uuid(),
        variant.sku,
        json!(variant.options),
        variant.price.amount(),
        variant.compare_at_price.map(domain::Money::amount),
        variant.price.currency().as_str(),
        variant.weight_grams,
        variant.position,
        variant.archived_at,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives variants the options that their product's new options make of theirs.
pub(crate) async fn rearrange(
    connection: &mut PgConnection,
    cause: &Cause,
    carried: &[(Variant, Combination)],
) -> Result<(), ProductError> {
    if carried.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = carried
        .iter()
        .map(|(variant, _)| variant.id.uuid())
        .collect();
    let options: Vec<Value> = carried.iter().map(|(_, options)| json!(options)).collect();
    // Two variants may exchange what they are. The index that keeps them different looks after each row,
    // so each is first something that nobody else is.
    sqlx::query!(
        "UPDATE variants SET options = jsonb_build_object('', id) WHERE id = ANY($1)",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        UPDATE variants v
        SET options = c.options, updated_at = $3, version = version + 1
        FROM unnest($1::uuid[], $2::jsonb[]) AS c (id, options)
        WHERE v.id = c.id
        "#,
        &ids,
        &options,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
