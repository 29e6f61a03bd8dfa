//! `POST /charge` by bank transfer (pay-with-transfer) and USSD, and its polling (§4).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::book::Opening;
use super::input;
use super::refusal::{Refusal, for_status};
use super::shape;
use super::transaction::{Channel, Transaction, VirtualAccount};
use crate::control::{Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;
use crate::{clock, randomness};

/// The least of a bank transfer, in kobo.
const LOWEST: i64 = 10_000;

pub(super) async fn create(State(world): State<World>, body: Bytes) -> Response {
    let body = match input::object(&body) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let facts = Facts {
        reference: input::text(&body, "reference").map(str::to_owned),
        to: input::text(&body, "email").map(str::to_owned),
    };
    unless_told_otherwise(
        &world,
        Target::Charge,
        &facts,
        for_status,
        async |_| match open(&world, &body) {
            Ok(transaction) => attempted(&transaction),
            Err(refusal) => refusal.into_response(),
        },
    )
    .await
}

fn open(world: &World, body: &Value) -> Result<Transaction, Refusal> {
    let email = input::email(body)?;
    let (amount, currency) = input::price(body, LOWEST)?;
    let opening = Opening {
        email,
        amount,
        currency,
        reference: input::reference(body)?,
        callback_url: None,
        metadata: input::metadata(body),
        channel: channel(body)?,
    };
    world.book().open(opening)
}

fn channel(body: &Value) -> Result<Channel, Refusal> {
    if let Some(transfer) = body.get("bank_transfer") {
        let expires_at = expiry(
            clock::now(),
            input::moment(transfer.get("account_expires_at")),
        );
        let number = format!("12{}", randomness::digits(8));
        return Ok(Channel::BankTransfer(VirtualAccount { number, expires_at }));
    }
    match body.pointer("/ussd/type").and_then(Value::as_str) {
        Some(bank @ ("737" | "919" | "822" | "966")) => Ok(Channel::Ussd(format!(
            "*{bank}*000*{}#",
            randomness::digits(4)
        ))),
        Some(_) => Err(Refusal::invalid("USSD type is not supported")),
        None => Err(Refusal::missing(
            "Nothing to charge: pass a payment channel",
        )),
    }
}

/// At least 15 minutes, at most 8 hours ahead; 8 hours when the shop names no time.
fn expiry(now: DateTime<Utc>, wanted: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let (earliest, latest) = (
        clock::minutes_after(now, 15),
        clock::minutes_after(now, 8 * 60),
    );
    wanted.map_or(latest, |at| at.clamp(earliest, latest))
}

/// Paystack answers 429 to nobody who waits 10 s between two polls; this one does not count.
pub(super) async fn check(State(world): State<World>, Path(reference): Path<String>) -> Response {
    let facts = Facts::reference(&reference);
    unless_told_otherwise(&world, Target::Charge, &facts, for_status, async |_| {
        let found = world.book().by_reference(&reference).cloned();
        match found {
            Some(transaction) => attempted(&transaction),
            None => Refusal::no_such_charge().into_response(),
        }
    })
    .await
}

fn attempted(transaction: &Transaction) -> Response {
    let (message, data) = match transaction.status_word(clock::now()) {
        "ongoing" => ("Charge attempted", waiting(transaction)),
        "success" | "reversed" => ("Charge attempted", shape::transaction(transaction)),
        word => (
            "Reference check successful",
            json!({
                "reference": transaction.reference,
                "status": word,
                "message": transaction.gateway_response()
            }),
        ),
    };
    Json(shape::success(message, data)).into_response()
}

fn waiting(transaction: &Transaction) -> Value {
    match &transaction.channel {
        Channel::BankTransfer(account) => json!({
            "reference": transaction.reference,
            "status": "pending_bank_transfer",
            "display_text": "Please make a transfer to the account specified",
            "account_name": "TEST-MANAGED-ACCOUNT",
            "account_number": account.number,
            "bank": { "slug": "test-bank", "name": "Test Bank", "id": 24 },
            "account_expires_at": clock::iso(account.expires_at)
        }),
        Channel::Ussd(code) => json!({
            "reference": transaction.reference,
            "status": "pay_offline",
            "display_text": format!("Please dial {code} on your mobile phone to complete the transaction"),
            "ussd_code": code
        }),
        Channel::Hosted(_) => json!({ "reference": transaction.reference, "status": "pending" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_lives_between_fifteen_minutes_and_eight_hours() {
        let now = DateTime::UNIX_EPOCH;
        let after = |minutes| clock::minutes_after(now, minutes);
        assert_eq!(expiry(now, Some(after(1))), after(15));
        assert_eq!(expiry(now, Some(after(60))), after(60));
        assert_eq!(expiry(now, Some(after(60 * 24))), after(8 * 60));
        assert_eq!(expiry(now, None), after(8 * 60));
    }
}
