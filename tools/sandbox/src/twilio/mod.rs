//! Twilio's messages, as reference/twilio.md tells them.
//!
//! The magic numbers of the test credentials hold for any account. By the ending of `To`: `…0003`
//! undelivered with 30003, `…0005` with 30005, `…0007` with 30007, `…0008` failed with 30008,
//! `…0429` refused once with 429 and then taken. Everything else is delivered after `sending` and
//! `sent`, and stands in the inbox. `POST /twilio/control/opt-out {"to"}` makes a number answer
//! 21610, `DELETE` with the same body opts it in again.

mod callback;
mod create;
mod message;
mod opt_out;
mod read;
mod refusal;
mod segments;
mod switchboard;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

pub(crate) use switchboard::Switchboard;

use crate::world::World;
use refusal::Refusal;

pub(crate) fn routes(world: &World) -> Router<World> {
    let api = Router::new()
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            post(create::create).get(read::list),
        )
        .route(
            "/2010-04-01/Accounts/{account}/Messages/{message}",
            get(read::fetch),
        )
        .layer(from_fn_with_state(world.clone(), authorised));
    api.route("/control/opt-out", post(opt_out::out).delete(opt_out::back))
}

/// Basic authentication, and a path of the same account.
async fn authorised(
    State(world): State<World>,
    Path(path): Path<std::collections::HashMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let sid = &world.config.twilio_account_sid;
    let wanted = STANDARD.encode(format!(
        "{sid}:{}",
        world.config.twilio_auth_token.expose_secret()
    ));
    if header.and_then(|header| header.strip_prefix("Basic ")) != Some(wanted.as_str()) {
        return Refusal::AUTHENTICATE.into_response();
    }
    if path.get("account") != Some(sid) {
        return Refusal::NOT_FOUND.into_response();
    }
    next.run(request).await
}
