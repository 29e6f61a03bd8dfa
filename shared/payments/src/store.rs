//! The SQL of attempts.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, money, read_word};
use domain::{AttemptStatus, Cause, Money, OrderId, PaymentId, PaymentReference};
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::attempt::{Attempt, BankAccount, NewAttempt};
use crate::initialise::Instructions;
use crate::outcome::Receipt;
use crate::unmatched::UnmatchedPayment;

pub(crate) async fn record(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &NewAttempt,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        WITH recorded AS (
            INSERT INTO payments (id, order_id, reference, channel, amount, currency, created_at,
                                  expires_at, initialising_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            RETURNING id
        )
        INSERT INTO payment_events (payment_id, kind, actor, at)
        SELECT id, 'created', $10, $7 FROM recorded
        "#,
        attempt.id.uuid(),
        attempt.order.uuid(),
        attempt.reference.as_str(),
        attempt.channel.as_str(),
        attempt.amount.amount(),
        attempt.amount.currency().as_str(),
        cause.at,
        attempt.expires_at,
        attempt.initialising_until,
        cause.actor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A row of `payments`, before its words are read.
struct Row {
    id: Uuid,
    order_id: Uuid,
    reference: String,
    channel: String,
    status: String,
    amount: i64,
    currency: String,
    authorization_url: Option<String>,
    bank_account: Option<Json<BankAccount>>,
    ussd_code: Option<String>,
    initialising_until: Option<DateTime<Utc>>,
    received_amount: Option<i64>,
    paid_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Row {
    fn read(self) -> Result<Attempt, DatabaseError> {
        let received = self
            .received_amount
            .map(|amount| money(amount, &self.currency));
        Ok(Attempt {
            id: self.id.into(),
            order: self.order_id.into(),
            reference: self
                .reference
                .parse()
                .map_err(|_| DatabaseError::Missing("reference"))?,
            channel: read_word(&self.channel)?,
            status: read_word(&self.status)?,
            amount: money(self.amount, &self.currency)?,
            authorization_url: self.authorization_url,
            bank_account: self.bank_account.map(|account| account.0),
            ussd_code: self.ussd_code,
            initialising_until: self.initialising_until,
            received: received.transpose()?,
            paid_at: self.paid_at,
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }
}

pub(crate) async fn by_reference(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Option<Attempt>, DatabaseError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, order_id, reference, channel, status, amount, currency, authorization_url,
               bank_account AS "bank_account: Json<BankAccount>", ussd_code, initialising_until,
               received_amount, paid_at, created_at, expires_at
        FROM payments WHERE reference = $1
        "#,
        reference.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::read).transpose()
}

pub(crate) async fn lock(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<Attempt, DatabaseError> {
    // Locks the attempt until the transaction ends.
    sqlx::query_scalar!(
        r#"SELECT 1 AS "locked!" FROM payments WHERE reference = $1 FOR UPDATE"#,
        reference.as_str(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    by_reference(connection, reference)
        .await?
        .ok_or(DatabaseError::Missing("payment"))
}

pub(crate) async fn of_order(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Attempt>, DatabaseError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, order_id, reference, channel, status, amount, currency, authorization_url,
               bank_account AS "bank_account: Json<BankAccount>", ussd_code, initialising_until,
               received_amount, paid_at, created_at, expires_at
        FROM payments WHERE order_id = $1 ORDER BY created_at, id
        "#,
        order.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(crate) async fn claim(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    reference: &PaymentReference,
    until: DateTime<Utc>,
) -> Result<bool, DatabaseError> {
    let claimed = sqlx::query!(
        r#"
        UPDATE payments SET initialising_until = $3
        WHERE reference = $1 AND status = 'created'
          AND (initialising_until IS NULL OR initialising_until <= $2)
        "#,
        reference.as_str(),
        now,
        until,
    )
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

pub(crate) async fn release_claim(
    connection: &mut PgConnection,
    reference: &PaymentReference,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE payments SET initialising_until = NULL WHERE reference = $1 AND status = 'created'",
        reference.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn opened(
    connection: &mut PgConnection,
    cause: &Cause,
    reference: &PaymentReference,
    instructions: &Instructions,
) -> Result<(), DatabaseError> {
    let (url, account, ussd) = match instructions {
        Instructions::Page { authorization_url } => (Some(authorization_url), None, None),
        Instructions::Transfer(account) => (None, Some(json!(account)), None),
        Instructions::Ussd { code } => (None, None, Some(code)),
        Instructions::Lost => (None, None, None),
    };
    sqlx::query!(
        r#"
        WITH opened AS (
            UPDATE payments
            SET status = 'open', initialising_until = NULL, updated_at = $2,
                authorization_url = coalesce($3, authorization_url),
                bank_account = coalesce($4, bank_account), ussd_code = coalesce($5, ussd_code)
            WHERE reference = $1 AND status = 'created'
            RETURNING id
        )
        INSERT INTO payment_events (payment_id, kind, actor, at)
        SELECT id, 'opened', $6, $2 FROM opened
        "#,
        reference.as_str(),
        cause.at,
        url,
        account,
        ussd,
        cause.actor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn credited_by_others(
    connection: &mut PgConnection,
    order: OrderId,
    except: PaymentId,
    nothing: Money,
) -> Result<Money, DatabaseError> {
    let credited = sqlx::query_scalar!(
        r#"
        SELECT coalesce(sum(received_amount), 0)::bigint AS "credited!"
        FROM payments WHERE order_id = $1 AND id <> $2 AND status = 'paid'
        "#,
        order.uuid(),
        except.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(Money::new(credited, nothing.currency())?)
}

pub(crate) async fn receive(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    status: AttemptStatus,
    receipt: &Receipt<'_>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        UPDATE payments
        SET status = $2, captured_amount = $3, received_amount = $4, surplus_amount = $5,
            provider_transaction_id = $6, paid_at = $7, updated_at = $7, initialising_until = NULL
        WHERE id = $1
        "#,
        attempt.id.uuid(),
        status.as_str(),
        receipt.captured.amount,
        receipt.received.amount(),
        receipt.surplus.amount(),
        receipt.transaction_id,
        cause.at,
    )
    .execute(&mut *connection)
    .await?;
    let detail = json!({
        "captured": receipt.captured.amount,
        "received": receipt.received,
        "surplus": receipt.surplus,
    });
    let key = format!("captured:{}", receipt.transaction_id);
    note(
        connection,
        cause,
        attempt.id,
        "captured",
        Some(&key),
        &detail,
    )
    .await
}

pub(crate) async fn set_status(
    connection: &mut PgConnection,
    cause: &Cause,
    attempt: &Attempt,
    status: AttemptStatus,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE payments SET status = $2, updated_at = $3 WHERE id = $1 AND status = $4",
        attempt.id.uuid(),
        status.as_str(),
        cause.at,
        attempt.status.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn note(
    connection: &mut PgConnection,
    cause: &Cause,
    payment: PaymentId,
    kind: &str,
    provider_key: Option<&str>,
    detail: &Value,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO payment_events (payment_id, kind, provider_key, detail, actor, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (payment_id, provider_key) DO NOTHING
        "#,
        payment.uuid(),
        kind,
        provider_key,
        detail,
        cause.actor,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn note_unmatched(
    connection: &mut PgConnection,
    cause: &Cause,
    payment: &UnmatchedPayment<'_>,
) -> Result<bool, DatabaseError> {
    let noted = sqlx::query!(
        r#"
        INSERT INTO unmatched_payments
            (reference, payment_id, reason, amount, currency, provider_transaction_id, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (reference) DO NOTHING
        "#,
        payment.reference,
        payment.payment.map(PaymentId::uuid),
        payment.reason,
        payment.amount,
        payment.currency,
        payment.transaction_id,
        cause.at,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}
