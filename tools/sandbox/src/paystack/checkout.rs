//! The payment page, `/paystack/checkout/{access_code}`: `authorization_url` points to it.
//!
//! `GET` shows it. `POST` takes the form of [`super::outcome`]; then the browser is sent (303) to the
//! shop's `callback_url` with `trxref` and `reference` added, except that `abandoned` goes to
//! `metadata.cancel_action` when the shop set one, and `late` is not sent anywhere. A transaction
//! that was paid before says so and takes nothing more. Without a callback the page says how it
//! ended, as the real one does.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use url::Url;

use super::book::Tender;
use super::outcome::{self, Move, Outcome};
use super::transaction::{Channel, Transaction};
use super::transfers::{TransferEnd, transfer};
use super::webhooks;
use crate::clock;
use crate::pages::{Notice, money, render};
use crate::world::World;

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutPage<'a> {
    shop: &'a str,
    amount: String,
    half: i64,
    double: i64,
    reference: &'a str,
    email: &'a str,
    failure: Option<&'a str>,
    account: Option<&'a str>,
    expires_at: Option<String>,
    ussd: Option<&'a str>,
}

pub(super) async fn show(State(world): State<World>, Path(code): Path<String>) -> Response {
    let Some(transaction) = found(&world, &code) else {
        return unknown();
    };
    if transaction.capture().is_some() {
        return already_paid(&transaction);
    }
    let account = match &transaction.channel {
        Channel::BankTransfer(account) => Some(account),
        Channel::Hosted(_) | Channel::Ussd(_) => None,
    };
    let ussd = match &transaction.channel {
        Channel::Ussd(code) => Some(code.as_str()),
        Channel::Hosted(_) | Channel::BankTransfer(_) => None,
    };
    let failed = transaction.status_word(clock::now()) == "failed";
    render(&CheckoutPage {
        shop: &world.config.shop_name,
        amount: money(transaction.requested, &transaction.currency),
        half: (transaction.requested / 2).max(1),
        double: transaction.requested.saturating_mul(2),
        reference: &transaction.reference,
        email: &transaction.customer.email,
        failure: failed.then(|| transaction.gateway_response()),
        account: account.map(|account| account.number.as_str()),
        expires_at: account.map(|account| account.expires_at.format("%H:%M UTC").to_string()),
        ussd,
    })
}

pub(super) async fn act(
    State(world): State<World>,
    Path(code): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some(transaction) = found(&world, &code) else {
        return unknown();
    };
    if transaction.capture().is_some() {
        return already_paid(&transaction);
    }
    let (outcome, payment) = match outcome::read(&form, &transaction) {
        Ok(read) => read,
        Err(problem) => return misread(&problem),
    };
    let is_transfer = matches!(transaction.channel, Channel::BankTransfer(_));
    match payment {
        Move::Leave => left(&transaction),
        Move::Fail(reason) => failed(&world, &transaction, reason),
        Move::Pay(tender) if is_transfer => transferred(&world, &transaction, tender).await,
        Move::Pay(tender) => paid(&world, &transaction, outcome, tender).await,
    }
}

fn found(world: &World, code: &str) -> Option<Transaction> {
    world.book().by_access_code(code).cloned()
}

/// The lock of the books decides between two payers at once; the slower one sees "already paid".
async fn paid(
    world: &World,
    transaction: &Transaction,
    outcome: Outcome,
    tender: Tender,
) -> Response {
    let paid = world.book().capture(transaction.id, tender);
    let Some(paid) = paid else {
        return already_paid(transaction);
    };
    webhooks::charge_success(world, &paid).await;
    if outcome == Outcome::Late {
        return Notice {
            tone: "good",
            title: "Paid late",
            text: "The payment went through and the shop was told by its webhook. The payer has \
                   closed the page: nobody is sent back to the shop.",
            link: None,
        }
        .page(StatusCode::OK);
    }
    returned(&paid).unwrap_or_else(|| {
        let text = "The payment went through. The shop gave no address to return to.";
        Notice {
            tone: "good",
            title: "Paid",
            text,
            link: None,
        }
        .page(StatusCode::OK)
    })
}

fn failed(world: &World, transaction: &Transaction, reason: &'static str) -> Response {
    let failed = world.book().fail(transaction.id, reason);
    let Some(failed) = failed else {
        return already_paid(transaction);
    };
    returned(&failed).unwrap_or_else(|| {
        let text = "The payment was declined. The page can be opened again for another try.";
        Notice {
            tone: "bad",
            title: "Declined",
            text,
            link: None,
        }
        .page(StatusCode::OK)
    })
}

fn left(transaction: &Transaction) -> Response {
    if let Some(url) = transaction.cancel_url() {
        return Redirect::to(url.as_str()).into_response();
    }
    returned(transaction).unwrap_or_else(|| {
        let text = "Nothing was paid. The page can be opened again as long as you like.";
        Notice {
            tone: "plain",
            title: "Left without paying",
            text,
            link: None,
        }
        .page(StatusCode::OK)
    })
}

async fn transferred(world: &World, transaction: &Transaction, tender: Tender) -> Response {
    let sender = "Jadesola Oluwashina".to_owned();
    match transfer(world, transaction, tender.amount, sender).await {
        TransferEnd::Paid => {
            let text = "The transfer arrived and the shop was told by its webhook.";
            Notice {
                tone: "good",
                title: "Transferred",
                text,
                link: None,
            }
            .page(StatusCode::OK)
        }
        TransferEnd::Rejected(why) => {
            let text = format!("The transfer was rejected and goes back to its sender: {why}.");
            let title = "Transfer rejected";
            Notice {
                tone: "bad",
                title,
                text: &text,
                link: None,
            }
            .page(StatusCode::OK)
        }
    }
}

fn returned(transaction: &Transaction) -> Option<Response> {
    Some(Redirect::to(callback(transaction)?.as_str()).into_response())
}

/// The shop's address with both names of the reference, whatever query it has already.
fn callback(transaction: &Transaction) -> Option<Url> {
    let mut url = transaction.callback_url.clone()?;
    url.query_pairs_mut()
        .append_pair("trxref", &transaction.reference)
        .append_pair("reference", &transaction.reference);
    Some(url)
}

fn already_paid(transaction: &Transaction) -> Response {
    let callback = callback(transaction);
    Notice {
        tone: "good",
        title: "Already paid",
        text: "This payment went through before. Nothing more was taken.",
        link: callback
            .as_ref()
            .map(|url| (url.as_str(), "Back to the shop")),
    }
    .page(StatusCode::OK)
}

fn unknown() -> Response {
    let text = "No payment has this address. The stand-ins forget everything when they stop: start \
                the payment again in the shop.";
    Notice {
        tone: "bad",
        title: "Unknown payment",
        text,
        link: None,
    }
    .page(StatusCode::NOT_FOUND)
}

fn misread(problem: &str) -> Response {
    Notice {
        tone: "bad",
        title: "That did not work",
        text: problem,
        link: None,
    }
    .page(StatusCode::UNPROCESSABLE_ENTITY)
}
