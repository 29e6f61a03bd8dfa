//! `GET /paystack/ledger`: what money moved, by reference, for whoever checks the shop's own books.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::refund::Refund;
use super::transaction::Transaction;
use crate::clock;
use crate::world::World;

#[derive(Serialize)]
pub(super) struct Ledger {
    captured: Vec<CaptureRow>,
    refunded: Vec<RefundRow>,
}

/// Amounts are subunits of the currency.
#[derive(Serialize)]
struct CaptureRow {
    reference: String,
    amount: i64,
    currency: String,
    /// `success`, or `reversed` once refunded in full.
    status: &'static str,
    paid_at: String,
    transaction_id: u64,
    email: String,
}

#[derive(Serialize)]
struct RefundRow {
    reference: String,
    amount: i64,
    currency: String,
    status: &'static str,
    refund_id: u64,
    created_at: String,
}

pub(super) async fn get(State(world): State<World>) -> Json<Ledger> {
    let book = world.book();
    let captured = book.transactions().filter_map(captured).collect();
    Json(Ledger {
        captured,
        refunded: book.refunds().map(refunded).collect(),
    })
}

fn captured(transaction: &Transaction) -> Option<CaptureRow> {
    let capture = transaction.capture()?;
    Some(CaptureRow {
        reference: transaction.reference.clone(),
        amount: capture.amount,
        currency: capture.currency.clone(),
        status: transaction.status_word(capture.paid_at),
        paid_at: clock::iso(capture.paid_at),
        transaction_id: transaction.id,
        email: transaction.customer.email.clone(),
    })
}

fn refunded(refund: &Refund) -> RefundRow {
    RefundRow {
        reference: refund.transaction_reference.clone(),
        amount: refund.amount,
        currency: refund.currency.clone(),
        status: refund.status.word(),
        refund_id: refund.id,
        created_at: clock::iso(refund.created_at),
    }
}
