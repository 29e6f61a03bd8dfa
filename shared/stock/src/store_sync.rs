//! The SQL of making stock agree.

use database::{DatabaseError, PgConnection};
use domain::VariantId;
use uuid::Uuid;

use crate::Difference;

/// A level that was not there holds nothing, so making it changes nobody's availability.
pub(crate) async fn make_levels(
    connection: &mut PgConnection,
    variants: &[Uuid],
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO stock_levels (variant_id, location_id)
        SELECT v.id, l.id
        FROM variants v JOIN locations l ON l.active
        WHERE v.id = ANY($1) AND v.archived_at IS NULL
          AND NOT EXISTS (SELECT FROM stock_levels s WHERE s.variant_id = v.id AND s.location_id = l.id)
        ORDER BY v.id, l.id
        ON CONFLICT DO NOTHING
        "#,
        variants,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One statement, which sees counters and movements as of one moment: every transaction that changes the
/// one writes the other.
pub(crate) async fn differences(
    connection: &mut PgConnection,
    variants: &[Uuid],
) -> Result<Vec<Difference>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        SELECT s.variant_id, s.location_id, s.on_hand, s.reserved,
               m.on_hand AS "moved_on_hand!", m.reserved AS "moved_reserved!"
        FROM stock_levels s
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(on_hand), 0)::bigint AS on_hand,
                   coalesce(sum(reserved), 0)::bigint AS reserved
            FROM stock_movements
            WHERE variant_id = s.variant_id AND location_id = s.location_id
        ) m
        WHERE s.variant_id = ANY($1) AND (s.on_hand <> m.on_hand OR s.reserved <> m.reserved)
        ORDER BY s.variant_id, s.location_id
        "#,
        variants,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Difference {
            variant: row.variant_id.into(),
            location: row.location_id.into(),
            counters: (row.on_hand, row.reserved),
            movements: (row.moved_on_hand, row.moved_reserved),
        })
        .collect())
}

/// Notes which variants differ now, and answers those that did not before: of two who note it at once the
/// second finds it noted.
pub(crate) async fn note_differences(
    connection: &mut PgConnection,
    variants: &[Uuid],
    differing: &[Uuid],
) -> Result<Vec<VariantId>, DatabaseError> {
    let news = sqlx::query!(
        r#"
        WITH noted AS MATERIALIZED (
            SELECT variant_id, variant_id = ANY($2) AS differs
            FROM variant_stock
            WHERE variant_id = ANY($1) AND differs <> (variant_id = ANY($2))
            ORDER BY variant_id
            FOR UPDATE
        )
        UPDATE variant_stock s
        SET differs = n.differs
        FROM noted n
        WHERE s.variant_id = n.variant_id
        RETURNING s.variant_id, s.differs
        "#,
        variants,
        differing,
    )
    .fetch_all(connection)
    .await?;
    let news = news.into_iter().filter(|row| row.differs);
    Ok(news.map(|row| row.variant_id.into()).collect())
}

/// The variants whose stock was last told otherwise than it is, and those that somebody waits for who
/// could have them.
pub(crate) async fn untold(
    connection: &mut PgConnection,
    variants: &[Uuid],
) -> Result<Vec<VariantId>, DatabaseError> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT c.variant_id
        FROM variant_stock c
        JOIN variants v ON v.id = c.variant_id AND v.archived_at IS NULL
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (array_agg(s.availability ORDER BY array_position(
                    ARRAY['in_stock', 'low_stock', 'backorder', 'out_of_stock'], s.availability)))[1],
                'out_of_stock') AS offered
            FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.active
            WHERE s.variant_id = c.variant_id
        ) o
        WHERE c.variant_id = ANY($1)
          AND (coalesce(c.announced, 'out_of_stock') <> o.offered
               OR (o.offered IN ('in_stock', 'low_stock')
                   AND EXISTS (SELECT FROM stock_alerts a
                               WHERE a.variant_id = c.variant_id AND a.notified_at IS NULL)))
        "#,
        variants,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}
