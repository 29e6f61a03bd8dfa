//! Verifying, fetching and listing transactions (§3).

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};

use super::paging::{self, Query as Parameters};
use super::refusal::{Refusal, for_status};
use super::shape;
use super::transaction::Transaction;
use crate::clock;
use crate::control::{Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;

pub(super) async fn verify(State(world): State<World>, Path(reference): Path<String>) -> Response {
    let facts = Facts::reference(&reference);
    unless_told_otherwise(
        &world,
        Target::Verify,
        &facts,
        for_status,
        async |_| match world.book().by_reference(&reference) {
            Some(found) => answer("Verification successful", shape::transaction(found)),
            None => Refusal::reference_not_found().into_response(),
        },
    )
    .await
}

/// By the number; a reference is not taken here.
pub(super) async fn fetch(State(world): State<World>, Path(id): Path<String>) -> Response {
    let found = id
        .parse()
        .ok()
        .and_then(|id| world.book().by_id(id).cloned());
    let facts = Facts {
        reference: found.as_ref().map(|row| row.reference.clone()),
        to: None,
    };
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let Some(found) = found else {
                return Refusal::transaction_not_found().into_response();
            };
            let mut data = shape::transaction(&found);
            data["helpdesk_link"] = Value::Null;
            answer("Transaction retrieved", data)
        },
    )
    .await
}

pub(super) async fn list(State(world): State<World>, Query(query): Query<Parameters>) -> Response {
    let facts = Facts::default();
    unless_told_otherwise(
        &world,
        Target::AnyPaystackCall,
        &facts,
        for_status,
        async |_| {
            let rows: Vec<_> = world
                .book()
                .transactions()
                .rev()
                .filter(|row| is_wanted(row, &query))
                .map(|row| (row.id, row.clone()))
                .collect();
            let volume: i64 = rows.iter().map(|(_, row)| row.amount()).sum();
            let (rows, mut meta) = paging::page(&query, rows);
            if meta.get("total").is_some() {
                meta["total_volume"] = json!(volume);
            }
            let data = rows.iter().map(shape::listed).collect();
            let mut body = shape::success("Transactions retrieved", data);
            body["meta"] = meta;
            Json(body).into_response()
        },
    )
    .await
}

fn answer(message: &str, data: Value) -> Response {
    Json(shape::success(message, data)).into_response()
}

/// The documented filters; there is none by reference.
fn is_wanted(row: &Transaction, query: &Parameters) -> bool {
    let is = |name: &str, value: String| query.get(name).is_none_or(|wanted| *wanted == value);
    is("status", row.status_word(clock::now()).to_owned())
        && is("customer", row.customer.id.to_string())
        && is("amount", row.amount().to_string())
        && is("channel", row.channel.name().to_owned())
        && moment(query, "from").is_none_or(|from| row.created_at >= from)
        && moment(query, "to").is_none_or(|to| row.created_at <= to)
}

/// A timestamp, or a date (its beginning).
pub(super) fn moment(query: &Parameters, name: &str) -> Option<DateTime<Utc>> {
    let text = query.get(name)?;
    let at_midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .ok()
        .or_else(|| text.parse::<NaiveDate>().ok().map(at_midnight))
}
