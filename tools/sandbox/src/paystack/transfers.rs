//! The payer's bank and phone, as switches for people and tests.
//!
//! `POST /paystack/control/bank-transfer {"account_number", "amount", "sender_name"?}`: a transfer
//! into a one-time account. The exact amount before the expiry pays; another amount, an expired
//! account or a second transfer is rejected (`bank.transfer.rejected`), the money going back by
//! itself. `POST /paystack/control/ussd {"reference", "outcome": "success" | "failed"}`: the payer
//! has dialled.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::book::Tender;
use super::transaction::{Channel, TestCard, Transaction};
use super::webhooks;
use crate::clock;
use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankTransfer {
    account_number: String,
    /// Kobo.
    amount: i64,
    #[serde(default = "somebody")]
    sender_name: String,
}

fn somebody() -> String {
    "Jadesola Oluwashina".to_owned()
}

/// How a bank transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferEnd {
    Paid,
    Rejected(&'static str),
}

pub(super) async fn bank_transfer(State(world): State<World>, body: Bytes) -> Response {
    let order: BankTransfer = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    };
    let found = world.book().by_account(&order.account_number).cloned();
    let Some(transaction) = found else {
        return problem(StatusCode::NOT_FOUND, "there is no such account");
    };
    let end = transfer(&world, &transaction, order.amount, order.sender_name).await;
    let reference = transaction.reference;
    Json(match end {
        TransferEnd::Paid => json!({ "outcome": "paid", "reference": reference }),
        TransferEnd::Rejected(why) => {
            json!({ "outcome": "rejected", "reference": reference, "reason": why })
        }
    })
    .into_response()
}

/// Pays into a transaction's account, or has the transfer rejected; the webhook is sent in both
/// cases.
pub(super) async fn transfer(
    world: &World,
    transaction: &Transaction,
    amount: i64,
    sender_name: String,
) -> TransferEnd {
    let rejection = rejection(transaction, amount);
    if rejection.is_none() {
        let tender = Tender {
            amount,
            currency: transaction.currency.clone(),
            card: TestCard::Good,
            sender_name: Some(sender_name),
        };
        let paid = world.book().capture(transaction.id, tender);
        if let Some(paid) = paid {
            webhooks::charge_success(world, &paid).await;
            return TransferEnd::Paid;
        }
    }
    let (message, kind) = rejection.unwrap_or(SPENT);
    webhooks::transfer_rejected(world, transaction, amount, message, kind).await;
    TransferEnd::Rejected(message)
}

/// Only `INCORRECT_AMOUNT` is documented; the other kinds are ours.
const SPENT: (&str, &str) = ("account is no longer active", "ACCOUNT_INACTIVE");

fn rejection(transaction: &Transaction, amount: i64) -> Option<(&'static str, &'static str)> {
    let Channel::BankTransfer(account) = &transaction.channel else {
        return Some(SPENT);
    };
    if clock::now() >= account.expires_at {
        Some(("account has expired", "EXPIRED_ACCOUNT"))
    } else if transaction.capture().is_some() {
        Some(SPENT)
    } else if amount == transaction.requested {
        None
    } else {
        Some(("incorrect amount sent", "INCORRECT_AMOUNT"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dialled {
    reference: String,
    outcome: DialledOutcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DialledOutcome {
    Success,
    Failed,
}

pub(super) async fn ussd(State(world): State<World>, body: Bytes) -> Response {
    let order: Dialled = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    };
    let found = world.book().by_reference(&order.reference).cloned();
    let Some(transaction) = found.filter(|row| matches!(row.channel, Channel::Ussd(_))) else {
        return problem(StatusCode::NOT_FOUND, "there is no such USSD charge");
    };
    let moved = dial(&world, &transaction, &order.outcome);
    match moved {
        Some(moved) if moved.capture().is_some() => {
            webhooks::charge_success(&world, &moved).await;
            Json(json!({ "outcome": "paid" })).into_response()
        }
        Some(_) => Json(json!({ "outcome": "failed" })).into_response(),
        None => Json(json!({ "outcome": "already_paid" })).into_response(),
    }
}

fn dial(world: &World, charge: &Transaction, outcome: &DialledOutcome) -> Option<Transaction> {
    let mut book = world.book();
    match outcome {
        DialledOutcome::Failed => book.fail(charge.id, "Declined"),
        DialledOutcome::Success => {
            let tender = Tender {
                amount: charge.requested,
                currency: charge.currency.clone(),
                card: TestCard::Good,
                sender_name: None,
            };
            book.capture(charge.id, tender)
        }
    }
}

fn problem(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "error": reason }))).into_response()
}
