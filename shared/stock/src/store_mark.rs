//! The SQL of what was told of a variant.

use database::{DatabaseError, PgConnection, read_word};
use domain::{Availability, VariantId};
use uuid::Uuid;

pub(crate) struct Told {
    pub(crate) sku: String,
    pub(crate) announced: Option<Availability>,
}

/// Makes the rows of variants that have none yet, in a fixed order.
pub(crate) async fn make(
    connection: &mut PgConnection,
    variants: &[VariantId],
) -> Result<(), DatabaseError> {
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.uuid()).collect();
    sqlx::query!(
        r#"
        INSERT INTO variant_stock (variant_id)
        SELECT id FROM variants v
        WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM variant_stock s WHERE s.variant_id = v.id)
        ORDER BY id
        ON CONFLICT DO NOTHING
        "#,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks a variant's row; none for a variant that is not sold any more.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<Told>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT v.sku, s.announced
        FROM variant_stock s JOIN variants v ON v.id = s.variant_id
        WHERE s.variant_id = $1 AND v.archived_at IS NULL
        FOR UPDATE OF s
        "#,
        variant.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let announced = row.announced.as_deref().map(read_word).transpose()?;
    let sku = row.sku;
    Ok(Some(Told { sku, announced }))
}

/// What a variant offers a shopper: the best of its levels at active locations, as the catalogue shows it.
pub(crate) async fn offered(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Availability, DatabaseError> {
    let words = sqlx::query_scalar!(
        r#"
        SELECT s.availability AS "availability!"
        FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.active
        WHERE s.variant_id = $1
        "#,
        variant.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let mut best = Availability::OutOfStock;
    for word in &words {
        // Declared from the best to the worst.
        best = best.min(read_word(word)?);
    }
    Ok(best)
}

pub(crate) async fn ever_stocked(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<bool, DatabaseError> {
    let ever = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM stock_movements WHERE variant_id = $1) AS "ever!""#,
        variant.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(ever)
}

pub(crate) async fn announce(
    connection: &mut PgConnection,
    variant: VariantId,
    now: Availability,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE variant_stock SET announced = $2 WHERE variant_id = $1",
        variant.uuid(),
        now.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
