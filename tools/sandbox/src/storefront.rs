//! `/storefront/…`: what a browser finds at `STOREFRONT_URL` as long as there is no storefront.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;

use crate::pages::render;
use crate::world::World;

#[derive(Template)]
#[template(path = "storefront.html")]
struct StorefrontPage<'a> {
    shop: &'a str,
    path: &'a str,
    /// The order's number, if the path names one.
    order: Option<&'a str>,
    /// The tone of the whole: `good`, `bad` or `plain`.
    tone: &'a str,
    facts: Vec<(String, String)>,
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/storefront", get(home))
        .route("/storefront/", get(home))
        .route("/storefront/{*path}", get(page))
}

type Facts = Query<Vec<(String, String)>>;

async fn home(State(world): State<World>, Query(facts): Facts) -> Response {
    show(&world, "", facts)
}

async fn page(
    State(world): State<World>,
    Path(path): Path<String>,
    Query(facts): Facts,
) -> Response {
    show(&world, &path, facts)
}

fn show(world: &World, path: &str, facts: Vec<(String, String)>) -> Response {
    let order = order_number(path, &facts);
    render(&StorefrontPage {
        shop: &world.config.shop_name,
        path,
        order: order.as_deref(),
        tone: tone(&facts),
        facts: facts
            .into_iter()
            .map(|(name, value)| (words(&name), value))
            .collect(),
    })
}

/// The path's last part, or the query's `order` or `number`.
fn order_number(path: &str, facts: &[(String, String)]) -> Option<String> {
    let named = facts
        .iter()
        .find(|(name, _)| matches!(name.as_str(), "order" | "number"));
    let last = path
        .split('/')
        .rfind(|part| !part.is_empty() && *part != "orders");
    named
        .map(|(_, value)| value.clone())
        .or_else(|| last.map(str::to_owned))
}

fn tone(facts: &[(String, String)]) -> &'static str {
    let is = |wanted: &[&str]| {
        facts
            .iter()
            .any(|(_, value)| wanted.contains(&value.as_str()))
    };
    if is(&["paid", "success", "settled", "overpaid"]) {
        "good"
    } else if is(&["failed", "unmatched", "underpaid", "refunded", "expired"]) {
        "bad"
    } else {
        "plain"
    }
}

/// A parameter's name as a person reads it.
fn words(name: &str) -> String {
    let mut words = name.replace(['_', '-'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
