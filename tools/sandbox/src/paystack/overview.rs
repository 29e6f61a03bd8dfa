//! `GET /paystack`: every transaction with its state and its page, for people.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::transaction::Transaction;
use crate::clock;
use crate::pages::{money, render};
use crate::world::World;

/// More rows would only slow the page down.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    rows: Vec<Row>,
}

struct Row {
    reference: String,
    email: String,
    asked: String,
    paid: Option<String>,
    status: &'static str,
    channel: String,
    at: String,
    access_code: String,
}

pub(super) async fn show(State(world): State<World>) -> Response {
    let rows = world
        .book()
        .transactions()
        .rev()
        .take(SHOWN)
        .map(row)
        .collect();
    render(&OverviewPage { rows })
}

fn row(transaction: &Transaction) -> Row {
    Row {
        reference: transaction.reference.clone(),
        email: transaction.customer.email.clone(),
        asked: money(transaction.requested, &transaction.currency),
        paid: transaction
            .capture()
            .map(|capture| money(capture.amount, &capture.currency)),
        status: transaction.status_word(clock::now()),
        channel: transaction.channel.name().replace('_', " "),
        at: transaction.created_at.format("%H:%M:%S").to_string(),
        access_code: transaction.access_code.clone(),
    }
}
