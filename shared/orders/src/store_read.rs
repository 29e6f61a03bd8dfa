//! The SQL that reads orders.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money, read_word};
use domain::{Customer, DeliveryAddress, OrderId, OrderNumber, Quantity, State, Totals, VariantId};
use sealing::Sealer;

use crate::store::place_of;
use crate::{DeliveryRate, DueOrder, OrderLine, OrderSummary, ReadError, TimelineEntry};

pub(crate) async fn find(
    connection: &mut PgConnection,
    number: &OrderNumber,
) -> Result<Option<OrderId>, DatabaseError> {
    let id = sqlx::query_scalar!("SELECT id FROM orders WHERE number = $1", number.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(id.map(OrderId::from))
}

pub(crate) async fn summary(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<Option<OrderSummary>, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT number, status, payment_status, fulfilment_status, channel, currency, subtotal,
               discount, delivery, tax, total, placed_at, expires_at, paid_at
        FROM orders WHERE id = $1
        "#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let amount = |amount| money(amount, &row.currency);
    Ok(Some(OrderSummary {
        id,
        number: row
            .number
            .parse()
            .map_err(|_| DatabaseError::Missing("order number"))?,
        status: read_word(&row.status)?,
        payment_status: read_word(&row.payment_status)?,
        fulfilment_status: read_word(&row.fulfilment_status)?,
        channel: read_word(&row.channel)?,
        totals: Totals {
            subtotal: amount(row.subtotal)?,
            discount: amount(row.discount)?,
            delivery: amount(row.delivery)?,
            tax: amount(row.tax)?,
            total: amount(row.total)?,
        },
        lines: lines(connection, id, &row.currency).await?,
        placed_at: row.placed_at,
        expires_at: row.expires_at,
        paid_at: row.paid_at,
    }))
}

async fn lines(
    connection: &mut PgConnection,
    id: OrderId,
    currency: &str,
) -> Result<Vec<OrderLine>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        SELECT product_name, sku, options AS "options: sqlx::types::Json<BTreeMap<String, String>>",
               unit_price, quantity, total
        FROM order_lines WHERE order_id = $1 ORDER BY position
        "#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OrderLine {
                name: row.product_name,
                sku: row.sku,
                options: row.options.0,
                unit_price: money(row.unit_price, currency)?,
                quantity: row.quantity,
                total: money(row.total, currency)?,
            })
        })
        .collect()
}

pub(crate) async fn bought(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<Vec<(VariantId, Quantity)>, DatabaseError> {
    let rows = sqlx::query!(
        "SELECT variant_id, quantity FROM order_lines WHERE order_id = $1 ORDER BY position",
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let quantity = Quantity::new(row.quantity);
            Ok((
                row.variant_id.into(),
                quantity.map_err(|_| DatabaseError::Missing("quantity"))?,
            ))
        })
        .collect()
}

pub(crate) async fn person(
    connection: &mut PgConnection,
    sealer: &Sealer,
    id: OrderId,
) -> Result<(Customer, DeliveryAddress), ReadError> {
    let row = id.uuid();
    let sealed = sqlx::query!(
        "SELECT customer, delivery_address FROM orders WHERE id = $1",
        row
    )
    .fetch_optional(connection)
    .await
    .map_err(DatabaseError::from)?
    .ok_or(ReadError::NotFound)?;
    let customer = sealer.open(place_of("customer", &row), &sealed.customer)?;
    let address = sealer.open(place_of("delivery_address", &row), &sealed.delivery_address)?;
    Ok((customer, address))
}

pub(crate) async fn timeline(
    connection: &mut PgConnection,
    id: OrderId,
) -> Result<Vec<TimelineEntry>, DatabaseError> {
    let entries = sqlx::query_as!(
        TimelineEntry,
        "SELECT kind, detail, at FROM order_events WHERE order_id = $1 ORDER BY id",
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(entries)
}

pub(crate) async fn due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueOrder>, DatabaseError> {
    let rows = sqlx::query!(
        r#"
        SELECT id, expires_at AS "expires_at!"
        FROM orders
        WHERE status = 'open' AND payment_status IN ('unpaid', 'pending') AND expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        "#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let due = |id: uuid::Uuid, expires_at| DueOrder {
        id: id.into(),
        expires_at,
    };
    Ok(rows
        .into_iter()
        .map(|row| due(row.id, row.expires_at))
        .collect())
}

pub(crate) async fn delivery_rate(
    connection: &mut PgConnection,
    state: State,
) -> Result<DeliveryRate, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT amount, currency, pay_on_delivery
        FROM delivery_rates WHERE state IN ($1, '*')
        ORDER BY state = '*'
        LIMIT 1
        "#,
        state.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(DatabaseError::Missing("delivery rate"))?;
    let price = money(row.amount, &row.currency)?;
    Ok(DeliveryRate {
        price,
        pay_on_delivery: row.pay_on_delivery,
    })
}
