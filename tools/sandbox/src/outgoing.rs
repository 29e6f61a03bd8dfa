//! What the providers send of their own accord: Paystack's webhooks and Twilio's status callbacks.
//!
//! A dispatch is signed once over exactly the bytes that are sent, again at each retry. `GET
//! /deliveries` lists each try. The misbehaviours of events (see [`crate::control`]) happen here.

use std::sync::Mutex;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::clock;
use crate::control::{Action, Facts, Taken, Target};
use crate::world::{World, locked};

/// One event on its way to one address.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch {
    pub(crate) target: Target,
    pub(crate) event: String,
    pub(crate) facts: Facts,
    pub(crate) url: String,
    pub(crate) content_type: &'static str,
    /// The signature header's name, the right value, and one made with another key.
    pub(crate) signature_header: &'static str,
    pub(crate) signature: String,
    pub(crate) wrong_signature: String,
    pub(crate) body: Bytes,
    /// The waits between tries, in the provider's time.
    pub(crate) retries: Vec<Duration>,
}

/// A try to deliver.
#[derive(Debug, Clone, Serialize)]
struct Delivery {
    event: String,
    reference: Option<String>,
    to: Option<String>,
    attempt: usize,
    /// The receiver's HTTP status; null when there was none.
    status: Option<u16>,
    at: String,
}

/// The log of deliveries.
#[derive(Default)]
pub(crate) struct Outbox {
    deliveries: Mutex<Vec<Delivery>>,
}

pub(crate) fn routes() -> Router<World> {
    Router::new().route("/deliveries", get(list))
}

async fn list(State(world): State<World>) -> Json<Vec<Delivery>> {
    Json(locked(&world.outbox.deliveries).clone())
}

/// Sends an event, in the background unless a rule wants it delivered before the caller's answer;
/// then this returns after its first try.
pub(crate) async fn send(world: &World, dispatch: Dispatch) {
    send_when(world, dispatch, false).await;
}

/// Sends an event and returns after its first try.
pub(crate) async fn send_now(world: &World, dispatch: Dispatch) {
    send_when(world, dispatch, true).await;
}

async fn send_when(world: &World, mut dispatch: Dispatch, now: bool) {
    let taken = world.control.take(dispatch.target, &dispatch.facts);
    if taken.of(Action::Drop).is_some() {
        tracing::info!(event = dispatch.event, "an event is dropped, as ordered");
        return;
    }
    if taken.of(Action::WrongSignature).is_some() {
        dispatch.signature = dispatch.wrong_signature.clone();
    }
    if let Some(rule) = taken.of(Action::Shuffle) {
        deliver_in_order(world, world.control.hold(dispatch, rule));
        return;
    }
    let waits = now || taken.of(Action::BeforeAnswer).is_some();
    let first_tries = launch(world, dispatch, &taken);
    if waits {
        let _ = first_tries.await;
    }
}

/// Spawned even where the caller waits: one who gives up must not take the event with him.
fn launch(world: &World, dispatch: Dispatch, taken: &Taken) -> JoinHandle<()> {
    let copies = taken.of(Action::Repeat).map_or(1, |rule| rule.count);
    let delay = taken.of(Action::Delay).map(|rule| rule.delay());
    let background = world.clone();
    tokio::spawn(async move {
        if let Some(delay) = delay {
            background.sleep(delay).await;
        }
        for _ in 0..copies {
            if !attempt(&background, &dispatch, 1).await {
                tokio::spawn(retry(background.clone(), dispatch.clone()));
            }
        }
    })
}

/// Sends events one after the other, each tried once before the next; their retries come later.
pub(crate) fn deliver_in_order(world: &World, dispatches: Vec<Dispatch>) {
    if dispatches.is_empty() {
        return;
    }
    let world = world.clone();
    tokio::spawn(async move {
        for dispatch in dispatches {
            if !attempt(&world, &dispatch, 1).await {
                tokio::spawn(retry(world.clone(), dispatch));
            }
        }
    });
}

async fn retry(world: World, dispatch: Dispatch) {
    for (index, wait) in dispatch.retries.iter().enumerate() {
        if !world.sleep(world.scaled(*wait)).await || attempt(&world, &dispatch, index + 2).await {
            return;
        }
    }
    tracing::warn!(event = dispatch.event, "an event was never accepted");
}

/// True when the receiver answered 200: Paystack's text asks for exactly that (Twilio's for 2xx,
/// but its callbacks are not retried here).
async fn attempt(world: &World, dispatch: &Dispatch, number: usize) -> bool {
    let sent = world
        .http
        .post(&dispatch.url)
        .header("content-type", dispatch.content_type)
        .header(dispatch.signature_header, &dispatch.signature)
        .body(dispatch.body.clone())
        .send()
        .await;
    let status = match sent {
        Ok(answer) => Some(answer.status().as_u16()),
        Err(error) => {
            tracing::warn!(event = dispatch.event, %error, "an event could not be delivered");
            None
        }
    };
    locked(&world.outbox.deliveries).push(Delivery {
        event: dispatch.event.clone(),
        reference: dispatch.facts.reference.clone(),
        to: dispatch.facts.to.clone(),
        attempt: number,
        status,
        at: clock::iso(clock::now()),
    });
    status == Some(200)
}
