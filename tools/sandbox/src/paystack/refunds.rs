//! Refunds (§6): created at once, then moved on by a clock of their own — `pending`, a minute later
//! `processing`, a minute later `processed` (or `failed`, or `needs-attention`, by the card that
//! paid), each told by a webhook.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::book::RefundOrder;
use super::input;
use super::paging::{self, Query as Parameters};
use super::refund::{Refund, RefundStatus};
use super::refusal::{Refusal, for_status};
use super::shape;
use super::transaction::{TestCard, Transaction};
use super::transactions::moment;
use super::webhooks;
use crate::control::{Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;

/// How long a refund stays in each stage, in the provider's time.
const STAGE: Duration = Duration::from_secs(60);

pub(super) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let body = match input::object(&body) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let found = transaction_of(&world, &body);
    let reference = found.as_ref().ok().map(|found| found.reference.clone());
    let facts = Facts {
        reference,
        to: None,
    };
    unless_told_otherwise(&world, Target::Refund, &facts, for_status, async |_| {
        let transaction = match found {
            Ok(transaction) => transaction,
            Err(refusal) => return refusal.into_response(),
        };
        match refund(&world, &transaction, &body) {
            Ok(refund) => {
                webhooks::refund_moved(&world, &refund).await;
                tokio::spawn(run_clock(world.clone(), refund.id, transaction.card));
                let data = shape::new_refund(&refund, &transaction);
                Json(shape::success(
                    "Refund has been queued for processing",
                    data,
                ))
                .into_response()
            }
            Err(refusal) => refusal.into_response(),
        }
    })
    .await
}

/// By reference or by number.
fn transaction_of(world: &World, body: &Value) -> Result<Transaction, Refusal> {
    let key = input::key(body, "transaction")
        .ok_or_else(|| Refusal::missing("Transaction id or reference is required"))?;
    let book = world.book();
    let by_id = || book.by_id(key.parse().ok()?);
    book.by_reference(&key)
        .or_else(by_id)
        .cloned()
        .ok_or_else(Refusal::transaction_not_found)
}

fn refund(world: &World, transaction: &Transaction, body: &Value) -> Result<Refund, Refusal> {
    let note = |field| input::text(body, field).map(str::to_owned);
    let order = RefundOrder {
        amount: input::subunits(body)?,
        customer_note: note("customer_note"),
        merchant_note: note("merchant_note"),
    };
    if input::text(body, "currency").is_some_and(|wanted| wanted != transaction.charged_currency())
    {
        return Err(Refusal::currency());
    }
    world.book().refund(transaction.id, order)
}

async fn run_clock(world: World, id: u64, card: TestCard) {
    let end = match card {
        TestCard::RefundFails => RefundStatus::Failed,
        TestCard::RefundNeedsAttention => RefundStatus::NeedsAttention,
        TestCard::Good | TestCard::Declined | TestCard::InsufficientFunds => {
            RefundStatus::Processed
        }
    };
    for status in [RefundStatus::Processing, end] {
        if !world.sleep(world.scaled(STAGE)).await {
            return;
        }
        let moved = world.book().move_refund(id, status);
        if let Some(refund) = moved {
            webhooks::refund_moved(&world, &refund).await;
        }
    }
}

pub(super) async fn fetch(State(world): State<World>, Path(id): Path<String>) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let book = world.book();
            match id.parse().ok().and_then(|id| book.refund_by_id(id)) {
                Some(refund) => {
                    Json(shape::success("Refund retrieved", shape::refund(refund))).into_response()
                }
                None => Refusal::refund_not_found().into_response(),
            }
        },
    )
    .await
}

/// `transaction` filters by the number; a reference is taken too, as a kindness of the real one.
pub(super) async fn list(State(world): State<World>, Query(query): Query<Parameters>) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let rows = world
                .book()
                .refunds()
                .rev()
                .filter(|row| is_wanted(row, &query))
                .map(|row| (row.id, row.clone()))
                .collect();
            let (rows, meta) = paging::page(&query, rows);
            let data = rows.iter().map(shape::listed_refund).collect();
            let mut body = shape::success("Refunds retrieved", data);
            body["meta"] = meta;
            Json(body).into_response()
        },
    )
    .await
}

fn is_wanted(row: &Refund, query: &Parameters) -> bool {
    let of_transaction = query.get("transaction").is_none_or(|wanted| {
        *wanted == row.transaction_id.to_string() || *wanted == row.transaction_reference
    });
    of_transaction
        && query
            .get("currency")
            .is_none_or(|wanted| *wanted == row.currency)
        && moment(query, "from").is_none_or(|from| row.created_at >= from)
        && moment(query, "to").is_none_or(|to| row.created_at <= to)
}

/// A refund that needs attention gets the payer's account, and goes on.
pub(super) async fn retry(
    State(world): State<World>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| match retried(&world, &id, &body) {
            Ok(refund) => {
                tokio::spawn(run_clock(world.clone(), refund.id, TestCard::Good));
                let mut data = shape::refund(&refund);
                data["reason"] = json!("PROCESSING");
                data["bank_reference"] = Value::Null;
                let message = "Refund retried and has been queued for processing";
                Json(shape::success(message, data)).into_response()
            }
            Err(refusal) => refusal.into_response(),
        },
    )
    .await
}

fn retried(world: &World, id: &str, body: &[u8]) -> Result<Refund, Refusal> {
    let details = input::object(body)?;
    if details
        .pointer("/refund_account_details/account_number")
        .is_none()
    {
        return Err(Refusal::missing("Refund account details are required"));
    }
    let mut book = world.book();
    let found = id.parse().ok().and_then(|id| book.refund_by_id(id));
    let refund = found.ok_or_else(Refusal::refund_not_found)?;
    if refund.status != RefundStatus::NeedsAttention {
        return Err(Refusal::wrong_refund_state());
    }
    let id = refund.id;
    book.move_refund(id, RefundStatus::Processing)
        .ok_or_else(Refusal::refund_not_found)
}
