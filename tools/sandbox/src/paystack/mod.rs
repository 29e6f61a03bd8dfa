//! Paystack, as reference/paystack.md tells it.
//!
//! The API wants `Authorization: Bearer <the configured key>`; the payment page, the ledger and the
//! switches under `control/` are for people and tests and want nothing.

mod bank;
mod book;
mod charge;
mod checkout;
mod initialize;
mod input;
mod ledger;
mod outcome;
mod overview;
mod paging;
mod refund;
mod refunds;
mod refusal;
mod shape;
mod transaction;
mod transactions;
mod transfers;
mod webhooks;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret as _;

pub(crate) use book::Book;

use crate::world::World;
use refusal::Refusal;

/// The shop's integration number, in every answer that prints one.
const INTEGRATION: u64 = 463_433;

pub(crate) fn routes(world: &World) -> Router<World> {
    Router::new()
        .merge(api().layer(from_fn_with_state(world.clone(), authorised)))
        .route(
            "/checkout/{access_code}",
            get(checkout::show).post(checkout::act),
        )
        .route("/ledger", get(ledger::get))
        .route("/control/bank-transfer", post(transfers::bank_transfer))
        .route("/control/ussd", post(transfers::ussd))
        .route("/", get(overview::show))
}

fn api() -> Router<World> {
    Router::new()
        .route("/transaction/initialize", post(initialize::initialize))
        .route("/transaction/verify/{reference}", get(transactions::verify))
        .route("/transaction/{id}", get(transactions::fetch))
        .route("/transaction", get(transactions::list))
        .route("/refund", post(refunds::create).get(refunds::list))
        .route("/refund/{id}", get(refunds::fetch))
        .route(
            "/refund/retry_with_customer_details/{id}",
            post(refunds::retry),
        )
        .route("/charge", post(charge::create))
        .route("/charge/{reference}", get(charge::check))
        .route("/bank", get(bank::list))
        .route("/bank/resolve", get(bank::resolve))
        .route("/balance", get(bank::balance))
}

async fn authorised(State(world): State<World>, request: Request, next: Next) -> Response {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(header) = header else {
        return Refusal::no_key().into_response();
    };
    let key = header.strip_prefix("Bearer ").unwrap_or_default();
    // A key of development is no secret from its own stand-in: no constant time is needed.
    if key != world.config.paystack_secret_key.expose_secret() {
        return Refusal::wrong_key().into_response();
    }
    next.run(request).await
}
