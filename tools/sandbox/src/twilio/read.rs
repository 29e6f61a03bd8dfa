//! Fetching and listing messages (§1.3).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::message::Message;
use super::refusal::Refusal;
use crate::world::World;

type Parameters = HashMap<String, String>;

pub(super) async fn fetch(
    State(world): State<World>,
    Path((_, message)): Path<(String, String)>,
) -> Response {
    let sid = message.strip_suffix(".json").unwrap_or(&message);
    match world.switchboard().find(sid) {
        Some(message) => Json(message.resource()).into_response(),
        None => Refusal::NOT_FOUND.into_response(),
    }
}

/// `To`, `From`, `DateSent`, `DateSent>`, `DateSent<` (each a date, inclusive), `PageSize`, `Page`.
pub(super) async fn list(
    State(world): State<World>,
    Query(query): Query<Parameters>,
) -> Json<Value> {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("PageSize").unwrap_or(50).clamp(1, 1_000);
    let page = number("Page").unwrap_or(0);
    let rows: Vec<_> = world
        .switchboard()
        .messages()
        .filter(|message| is_wanted(message, &query))
        .map(Message::resource)
        .collect();
    let start = page.saturating_mul(size);
    let has_next = rows.len() > start.saturating_add(size);
    let messages: Vec<_> = rows.into_iter().skip(start).take(size).collect();
    let path = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        world.config.twilio_account_sid
    );
    let at = |page: usize| format!("{path}?PageSize={size}&Page={page}");
    Json(json!({
        "end": start + messages.len().saturating_sub(1),
        "start": start,
        "page": page,
        "page_size": size,
        "first_page_uri": at(0),
        "next_page_uri": has_next.then(|| at(page + 1)),
        "previous_page_uri": page.checked_sub(1).map(at),
        "uri": at(page),
        "messages": messages
    }))
}

fn is_wanted(message: &Message, query: &Parameters) -> bool {
    let day = message.created_at.format("%Y-%m-%d").to_string();
    // A date sorts as text; a time after it is ignored, as Twilio ignores it.
    let date = |name: &str| {
        query
            .get(name)
            .map(|text| text.chars().take(10).collect::<String>())
    };
    query.get("To").is_none_or(|to| *to == message.to)
        && query
            .get("From")
            .is_none_or(|from| Some(from) == message.from.as_ref())
        && date("DateSent").is_none_or(|wanted| wanted == day)
        && date("DateSent>").is_none_or(|earliest| earliest <= day)
        && date("DateSent<").is_none_or(|latest| latest >= day)
}
