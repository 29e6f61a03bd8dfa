//! Banks, account names and the balance (§7, §8.3), as far as a shop that takes payments asks.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::paging::Query as Parameters;
use super::refund::RefundStatus;
use super::refusal::{Refusal, for_status};
use super::shape;
use crate::control::{Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;

/// Id, name, slug, code. Two rows share no code here; codes keep their leading zeros.
const BANKS: [(u64, &str, &str, &str); 12] = [
    (174, "Abbey Mortgage Bank", "abbey-mortgage-bank", "801"),
    (1, "Access Bank", "access-bank", "044"),
    (3, "Ecobank Nigeria", "ecobank-nigeria", "050"),
    (6, "Fidelity Bank", "fidelity-bank", "070"),
    (7, "First Bank of Nigeria", "first-bank-of-nigeria", "011"),
    (
        8,
        "First City Monument Bank",
        "first-city-monument-bank",
        "214",
    ),
    (9, "Guaranty Trust Bank", "guaranty-trust-bank", "058"),
    (67, "Kuda Bank", "kuda-bank", "50211"),
    (
        171,
        "OPay Digital Services Limited (OPay)",
        "paycom",
        "999992",
    ),
    (
        18,
        "United Bank For Africa",
        "united-bank-for-africa",
        "033",
    ),
    (20, "Wema Bank", "wema-bank", "035"),
    (21, "Zenith Bank", "zenith-bank", "057"),
];

pub(super) async fn list(State(world): State<World>) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let mut body = shape::success("Banks retrieved", BANKS.iter().map(bank).collect());
            body["meta"] = json!({ "next": null, "previous": null, "perPage": 50 });
            Json(body).into_response()
        },
    )
    .await
}

fn bank(&(id, name, slug, code): &(u64, &str, &str, &str)) -> Value {
    json!({
        "name": name, "slug": slug, "code": code, "longcode": "", "gateway": null,
        "pay_with_bank": false, "active": true, "is_deleted": false, "country": "Nigeria",
        "currency": "NGN", "type": "nuban", "id": id,
        "createdAt": "2020-12-07T16:19:09.000Z", "updatedAt": null
    })
}

/// Every ten-digit account of a known bank has a name made of its number; code 001 is Paystack's for
/// tests and not in the list.
pub(super) async fn resolve(
    State(world): State<World>,
    Query(query): Query<Parameters>,
) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let parameter = |name| query.get(name).map_or("", String::as_str);
            let (number, code) = (parameter("account_number"), parameter("bank_code"));
            let is_number = number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_digit());
            let known = code == "001" || BANKS.iter().any(|bank| bank.3 == code);
            if !is_number || !known {
                return Refusal::unresolved_account().into_response();
            }
            let name = format!("TEST ACCOUNT {number}");
            let data = json!({ "account_number": number, "account_name": name });
            Json(shape::success("Account number resolved", data)).into_response()
        },
    )
    .await
}

/// What was captured less what was refunded, by currency.
pub(super) async fn balance(State(world): State<World>) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let rows: Vec<_> = balances(&world)
                .into_iter()
                .map(|(currency, balance)| json!({ "currency": currency, "balance": balance }))
                .collect();
            Json(shape::success("Balances retrieved", json!(rows))).into_response()
        },
    )
    .await
}

fn balances(world: &World) -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::from([("NGN".to_owned(), 0)]);
    let book = world.book();
    for capture in book.transactions().filter_map(|row| row.capture()) {
        *balances.entry(capture.currency.clone()).or_default() += capture.amount;
    }
    for refund in book
        .refunds()
        .filter(|refund| refund.status != RefundStatus::Failed)
    {
        *balances.entry(refund.currency.clone()).or_default() -= refund.amount;
    }
    balances
}
