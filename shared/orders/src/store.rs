//! The SQL that writes orders.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money, read_word};
use domain::{Cause, OrderId, PaymentStatus, VAT_BASIS_POINTS};
use sealing::{Place, Sealer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Change, LockedOrder, NewOrder, PlaceError};

/// Where an order's sealed columns live.
pub(crate) fn place_of<'a>(column: &'static str, row: &'a Uuid) -> Place<'a> {
    Place {
        table: "orders",
        column,
        row: row.as_bytes(),
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    order: &NewOrder,
    payment_status: PaymentStatus,
) -> Result<(), PlaceError> {
    let row = order.id.uuid();
    let customer = sealer.seal(place_of("customer", &row), &order.customer)?;
    let address = sealer.seal(place_of("delivery_address", &row), &order.delivery_address)?;
    let email_index = sealer.index("orders.email", &order.customer.email.canonical());
    let phone_index = sealer.index("orders.phone", order.customer.phone.as_str());
    let lines = Columns::of(order);
    let totals = &order.totals;
    sqlx::query!(
        r#"
        WITH placed AS (
            INSERT INTO orders (
                id, number, payment_status, channel, currency, subtotal, discount, delivery, tax,
                vat_basis_points, total, customer, delivery_address, delivery_state, email_index,
                phone_index, placed_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ),
        noted AS (
            INSERT INTO order_events (order_id, kind, detail, actor, at)
            VALUES ($1, 'placed', $19, $20, $17)
        )
        INSERT INTO order_lines (
            id, order_id, position, variant_id, product_name, sku, options, unit_price, quantity, total)
        SELECT id, $1, ordinality - 1, variant_id, product_name, sku, options, unit_price, quantity, total
        FROM unnest($21::uuid[], $22::uuid[], $23::text[], $24::text[], $25::jsonb[], $26::bigint[],
                    $27::bigint[], $28::bigint[])
            WITH ORDINALITY
            AS l (id, variant_id, product_name, sku, options, unit_price, quantity, total, ordinality)
        "#,
        row,
        order.number.as_str(),
        payment_status.as_str(),
        order.channel.as_str(),
        totals.total.currency().as_str(),
        totals.subtotal.amount(),
        totals.discount.amount(),
        totals.delivery.amount(),
        totals.tax.amount(),
        i32::try_from(VAT_BASIS_POINTS).unwrap_or(i32::MAX),
        totals.total.amount(),
        customer,
        address,
        order.delivery_address.state().as_str(),
        email_index,
        phone_index,
        cause.at,
        order.expires_at,
        json!({ "channel": order.channel }),
        cause.actor,
        &lines.ids,
        &lines.variants,
        &lines.names,
        &lines.skus,
        &lines.options,
        &lines.unit_prices,
        &lines.quantities,
        &lines.totals,
    )
    .execute(connection)
    .await
    .map_err(DatabaseError::from)?;
    Ok(())
}

/// The lines of an order, turned for `unnest`.
struct Columns {
    ids: Vec<Uuid>,
    variants: Vec<Uuid>,
    names: Vec<String>,
    skus: Vec<String>,
    options: Vec<Value>,
    unit_prices: Vec<i64>,
    quantities: Vec<i64>,
    totals: Vec<i64>,
}

impl Columns {
    fn of(order: &NewOrder) -> Self {
        let lines = || order.lines.iter();
        Self {
            ids: lines().map(|l| l.id.uuid()).collect(),
            variants: lines().map(|l| l.variant.uuid()).collect(),
            names: lines().map(|l| l.product_name.clone()).collect(),
            skus: lines().map(|l| l.sku.clone()).collect(),
            options: lines().map(|l| json!(l.options)).collect(),
            unit_prices: lines().map(|l| l.price.unit_price.amount()).collect(),
            quantities: lines().map(|l| l.price.quantity.get()).collect(),
            totals: lines().map(|l| l.price.total.amount()).collect(),
        }
    }
}

pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<LockedOrder, DatabaseError> {
    // Locks the order until the transaction ends.
    let row = sqlx::query!(
        r#"
        SELECT number, status, payment_status, channel, total, currency, expires_at
        FROM orders WHERE id = $1 FOR UPDATE
        "#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(DatabaseError::Missing("order"))?;
    Ok(LockedOrder {
        id,
        number: row
            .number
            .parse()
            .map_err(|_| DatabaseError::Missing("order number"))?,
        status: read_word(&row.status)?,
        payment_status: read_word(&row.payment_status)?,
        channel: read_word(&row.channel)?,
        total: money(row.total, &row.currency)?,
        expires_at: row.expires_at,
    })
}

pub(crate) async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    order: &LockedOrder,
    change: &Change,
    detail: &Value,
) -> Result<(), DatabaseError> {
    let received = matches!(
        change.payment_status,
        PaymentStatus::Paid | PaymentStatus::Overpaid
    );
    let changed = sqlx::query!(
        r#"
        WITH changed AS (
            UPDATE orders
            SET status = $2, payment_status = $3, version = version + 1, updated_at = $4,
                paid_at = CASE WHEN $5 THEN coalesce(paid_at, $4) ELSE paid_at END
            WHERE id = $1 AND status = $6 AND payment_status = $7
            RETURNING id
        )
        INSERT INTO order_events (order_id, kind, detail, actor, at)
        SELECT id, $8, $9, $10, $4 FROM changed
        "#,
        order.id.uuid(),
        change.status.as_str(),
        change.payment_status.as_str(),
        cause.at,
        received,
        order.status.as_str(),
        order.payment_status.as_str(),
        change.kind,
        detail,
        cause.actor,
    )
    .execute(connection)
    .await?;
    match changed.rows_affected() {
        1 => Ok(()),
        _ => Err(DatabaseError::Missing(
            "order in the state it was locked in",
        )),
    }
}

pub(crate) async fn keep_until(
    connection: &mut PgConnection,
    order: OrderId,
    until: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE orders SET expires_at = $2 WHERE id = $1 AND status = 'open' AND expires_at < $2",
        order.uuid(),
        until,
    )
    .execute(connection)
    .await?;
    Ok(())
}
