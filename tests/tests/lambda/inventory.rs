//! What staff do with stock.

use runtime_api::Request;
use serde_json::{Value, json};

use crate::clerk::{Clerk, one};
use crate::instance::Lambda;

const STOCK: &str = "/api/admin/stock";
const ADJUSTMENTS: &str = "/api/admin/stock/adjustments";
const MOVEMENTS: &str = "/api/admin/stock/movements";
const RESERVATIONS: &str = "/api/admin/stock/reservations";
const POLICY: &str = "/api/admin/stock/{variant_id}";
const LOCATIONS: &str = "/api/admin/locations";
const LOCATION: &str = "/api/admin/locations/{id}";

fn count(page: &Value) -> Option<usize> {
    page["items"].as_array().map(Vec::len)
}

pub(crate) async fn admin_list_stock(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let list = |query: &str| Request::get(&format!("{STOCK}{query}")).route(STOCK);
    let [all, few] = clerk.ask_twice(200, [list(""), list("?limit=1")]).await;
    assert_eq!((count(&all), count(&few)), (Some(2), Some(1)));
    clerk.end(&[]).await;
}

pub(crate) async fn admin_adjust_stock(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let (variant, shelf) = (clerk.goods.shirt.variants[0], clerk.goods.shelf);
    let receive = |pieces: i64| {
        let line = json!({ "variant_id": variant, "location_id": shelf, "quantity": pieces });
        let body = json!({ "kind": "receive", "reason": "Delivery note 4711", "lines": [line] });
        Request::post(ADJUSTMENTS).route(ADJUSTMENTS).json(&body)
    };
    clerk.ask_twice(201, [receive(5), receive(7)]).await;
    assert_eq!(clerk.stage.counters(variant).await, (52, 0));
    clerk.end(&["stock.changed"; 2]).await;
}

pub(crate) async fn admin_set_stock_policy(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let variant = clerk.goods.shirt.variants[0];
    let threshold = |version: &str, pieces: i64| {
        let request = one("PATCH", POLICY, &[&variant]).header("if-match", version);
        request.json(&json!({ "low_stock_threshold": pieces }))
    };
    let both = [threshold("\"1\"", 7), threshold("\"2\"", 8)];
    let [_, second] = clerk.ask_twice(200, both).await;
    assert_eq!(second["levels"][0]["low_stock_threshold"], 8);
    clerk.end(&["stock.changed"; 2]).await;
}

pub(crate) async fn admin_list_stock_movements(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let list = |query: &str| Request::get(&format!("{MOVEMENTS}{query}")).route(MOVEMENTS);
    let [all, few] = clerk.ask_twice(200, [list(""), list("?limit=1")]).await;
    assert_eq!((count(&all), count(&few)), (Some(2), Some(1)));
    clerk.end(&[]).await;
}

pub(crate) async fn admin_list_reservations(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let variant = clerk.goods.shirt.variants[0];
    clerk.stage.an_order(variant).place().await;
    let list = |query: &str| Request::get(&format!("{RESERVATIONS}{query}")).route(RESERVATIONS);
    let [all, few] = clerk.ask_twice(200, [list(""), list("?limit=1")]).await;
    assert_eq!((count(&all), count(&few)), (Some(1), Some(1)));
    clerk.end(&[]).await;
}

pub(crate) async fn admin_list_locations(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let list = || Request::get(LOCATIONS).route(LOCATIONS);
    let [_, again] = clerk.ask_twice(200, [list(), list()]).await;
    assert_eq!(again["items"][0]["name"], "Main shelf");
    clerk.end(&[]).await;
}

pub(crate) async fn admin_create_location(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let make = |name: &str| {
        let request = Request::post(LOCATIONS).route(LOCATIONS);
        request.json(&json!({ "name": name }))
    };
    let [first, _] = clerk.ask_twice(201, [make("Lekki"), make("Yaba")]).await;
    assert_eq!(first["name"], "Lekki");
    clerk.end(&[]).await;
}

pub(crate) async fn admin_update_location(lambda: Lambda) {
    let mut clerk = Clerk::before(lambda).await;
    let shelf = clerk.goods.shelf;
    let rename = |version: &str, name: &str| {
        let request = one("PATCH", LOCATION, &[&shelf]).header("if-match", version);
        request.json(&json!({ "name": name }))
    };
    let both = [rename("\"1\"", "Lekki"), rename("\"2\"", "Yaba")];
    let [_, second] = clerk.ask_twice(200, both).await;
    assert_eq!(second["name"], "Yaba");
    clerk.end(&[]).await;
}
