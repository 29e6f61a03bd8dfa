//! The SQL of refunds.

use database::{DatabaseError, PgConnection, money, read_word};
use domain::{Cause, PaymentId, PaymentReference, RefundId, RefundStatus};
use serde_json::json;

use crate::refund::{NewRefund, Refund};
use crate::store::note;

pub(crate) async fn record(
    connection: &mut PgConnection,
    cause: &Cause,
    refund: &NewRefund,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO refunds (id, payment_id, order_id, amount, currency, reason, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        refund.id.uuid(),
        refund.payment.uuid(),
        refund.order.uuid(),
        refund.amount.amount(),
        refund.amount.currency().as_str(),
        refund.reason.as_str(),
        cause.at,
    )
    .execute(&mut *connection)
    .await?;
    let detail = json!({ "refund": refund.id, "amount": refund.amount, "reason": refund.reason });
    note(
        connection,
        cause,
        refund.payment,
        "refund_requested",
        None,
        &detail,
    )
    .await
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: RefundId,
) -> Result<Refund, DatabaseError> {
    let row = sqlx::query!(
        r#"
        SELECT r.payment_id, r.order_id, r.amount, r.currency, r.reason, r.status, r.provider_id,
               p.reference, p.provider_transaction_id AS "transaction_id!"
        FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE r.id = $1
        "#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(DatabaseError::Missing("refund"))?;
    Ok(Refund {
        id,
        payment: row.payment_id.into(),
        reference: row
            .reference
            .parse()
            .map_err(|_| DatabaseError::Missing("reference"))?,
        transaction_id: row.transaction_id,
        order: row.order_id.into(),
        amount: money(row.amount, &row.currency)?,
        reason: read_word(&row.reason)?,
        status: read_word(&row.status)?,
        provider_id: row.provider_id,
    })
}

pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: RefundId,
) -> Result<Refund, DatabaseError> {
    // Locks the refund until the transaction ends.
    sqlx::query_scalar!(
        r#"SELECT 1 AS "locked!" FROM refunds WHERE id = $1 FOR UPDATE"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    find(connection, id).await
}

pub(crate) async fn open_of(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Vec<RefundId>, DatabaseError> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE p.reference = $1 AND r.status NOT IN ('processed', 'failed')
        ORDER BY r.requested_at
        "#,
        reference.as_str(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(RefundId::from).collect())
}

pub(crate) async fn begin_sending(
    connection: &mut PgConnection,
    cause: &Cause,
    refund: &Refund,
) -> Result<bool, DatabaseError> {
    let begun = sqlx::query!(
        r#"
        UPDATE refunds SET status = 'sending', updated_at = $2
        WHERE id = $1 AND status = 'requested'
        "#,
        refund.id.uuid(),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

pub(crate) async fn advance(
    connection: &mut PgConnection,
    cause: &Cause,
    refund: &Refund,
    provider_id: Option<i64>,
    status: RefundStatus,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE refunds SET status = $2, provider_id = coalesce($3, provider_id), updated_at = $4
        WHERE id = $1
        "#,
        refund.id.uuid(),
        status.as_str(),
        provider_id,
        cause.at,
    )
    .execute(&mut *connection)
    .await?;
    let key = format!("refund:{}:{status}", refund.id);
    let detail = json!({ "refund": refund.id, "status": status });
    note(
        connection,
        cause,
        refund.payment,
        "refund",
        Some(&key),
        &detail,
    )
    .await
}

/// Closes a payment all of which went back.
pub(crate) async fn close_payment(
    connection: &mut PgConnection,
    cause: &Cause,
    payment: PaymentId,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE payments p SET status = 'refunded', updated_at = $2
        WHERE id = $1 AND status IN ('paid', 'returning', 'unmatched')
          AND captured_amount <= (
              SELECT coalesce(sum(amount), 0) FROM refunds
              WHERE payment_id = p.id AND status = 'processed')
        "#,
        payment.uuid(),
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
