//! The inbox over HTTP.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::{Message, News};
use crate::pages;
use crate::world::World;

const PAGE: &str = include_str!("../../templates/inbox.html");

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/", get(page))
        .route("/inbox/messages", get(list).delete(clear))
        .route("/inbox/events", get(events))
}

async fn page() -> Response {
    pages::html(StatusCode::OK, PAGE.to_owned())
}

/// `to`: one recipient, whatever its case; a `+` that arrives as a blank is taken for a plus, since
/// that is what a phone number in a query written by hand becomes. `limit`: at most so many.
#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
    limit: Option<usize>,
}

async fn list(State(world): State<World>, Query(wanted): Query<Wanted>) -> Json<Vec<Message>> {
    let to = wanted
        .to
        .filter(|to| !to.is_empty())
        .map(|to| to.replacen(' ', "+", 1));
    Json(
        world
            .inbox
            .messages(to.as_deref(), wanted.limit.unwrap_or(usize::MAX)),
    )
}

async fn clear(State(world): State<World>) -> StatusCode {
    world.inbox.clear();
    StatusCode::NO_CONTENT
}

async fn events(State(world): State<World>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let heard = (world.inbox.news.subscribe(), world.stopping.clone());
    let stream = stream::unfold(heard, |(mut news, mut stopping)| async move {
        let event = next(&mut news, &mut stopping).await?;
        Some((Ok(event), (news, stopping)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The end of the stream when the instance stops, so that no open page holds it up.
async fn next(
    news: &mut broadcast::Receiver<News>,
    stopping: &mut watch::Receiver<bool>,
) -> Option<Event> {
    let heard = tokio::select! {
        heard = news.recv() => heard,
        _ = stopping.wait_for(|stop| *stop) => return None,
    };
    match heard {
        Ok(News::Came(id)) => Some(Event::default().event("message").data(id.to_string())),
        // Missed some: the page asks for the list anyway.
        Err(RecvError::Lagged(_)) => Some(Event::default().event("message").data("0")),
        Ok(News::Cleared) => Some(Event::default().event("cleared").data("")),
        Err(RecvError::Closed) => None,
    }
}
