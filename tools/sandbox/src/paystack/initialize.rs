//! `POST /transaction/initialize` (§2).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::book::{Opening, Tender};
use super::input;
use super::refusal::{Refusal, for_status};
use super::shape;
use super::transaction::{Channel, TestCard, Transaction};
use super::webhooks;
use crate::control::{Action, Facts, Target};
use crate::misbehave::unless_told_otherwise;
use crate::world::World;

/// The least a charge may ask in naira, in kobo.
const LOWEST: i64 = 5_000;

pub(super) async fn initialize(State(world): State<World>, body: Bytes) -> Response {
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
        Target::Initialize,
        &facts,
        for_status,
        async |taken| {
            let transaction = match open(&world, &body) {
                Ok(transaction) => transaction,
                Err(refusal) => return refusal.into_response(),
            };
            if taken.of(Action::BeforeAnswer).is_some() {
                pay_at_once(&world, &transaction).await;
            }
            Json(answer(&world, &transaction)).into_response()
        },
    )
    .await
}

fn open(world: &World, body: &Value) -> Result<Transaction, Refusal> {
    let email = input::email(body)?;
    let (amount, currency) = input::price(body, LOWEST)?;
    let allowed = body
        .pointer("/channels/0")
        .and_then(Value::as_str)
        .unwrap_or("card");
    let opening = Opening {
        email,
        amount,
        currency,
        reference: input::reference(body)?,
        callback_url: input::callback_url(body)?,
        metadata: input::metadata(body),
        channel: Channel::Hosted(allowed.to_owned()),
    };
    world.book().open(opening)
}

fn answer(world: &World, transaction: &Transaction) -> Value {
    let Transaction {
        access_code,
        reference,
        ..
    } = transaction;
    let url = world.address(&format!("/paystack/checkout/{access_code}"));
    shape::success(
        "Authorization URL created",
        json!({ "authorization_url": url, "access_code": access_code, "reference": reference }),
    )
}

/// A payer quicker than the network: paid, and the webhook delivered, before the shop has heard that
/// its transaction exists.
async fn pay_at_once(world: &World, transaction: &Transaction) {
    let tender = Tender {
        amount: transaction.requested,
        currency: transaction.currency.clone(),
        card: TestCard::Good,
        sender_name: None,
    };
    let paid = world.book().capture(transaction.id, tender);
    if let Some(paid) = paid {
        webhooks::charge_success_now(world, &paid).await;
    }
}
