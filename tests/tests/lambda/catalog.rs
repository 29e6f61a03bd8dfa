//! The catalogue's functions.

use runtime_api::{Message, Request, Response, rabbitmq_event};
use serde_json::{Value, json};
use stage::Stage;

use crate::audience::{a_catalogue, done};
use crate::certified::CertifiedDatabase;
use crate::instance::Lambda;

fn assert_ok(answer: &Response) {
    assert_eq!(answer.status, 200, "{}", answer.text());
}

pub(crate) async fn list_products(lambda: Lambda) {
    let stage = Stage::set().await;
    a_catalogue(&stage).await;
    let mut function = lambda.start(&stage).await;
    let list = |query: &str| Request::get(&format!("/api/products{query}")).route("/api/products");

    let all = function.send(list("")).await;
    assert_ok(&all);
    let all = all.json();
    let slugs: Vec<_> = all["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| &item["slug"])
        .collect();
    assert_eq!(slugs, ["leather-sandals", "ankara-shirt"]);
    function.freeze().await;
    // Another question, so that neither a copy in the cache nor the first answer can stand in for it.
    let found = function.send(list("?q=ankara&limit=1")).await;
    assert_ok(&found);
    assert_eq!(found.json()["items"][0]["slug"], "ankara-shirt");
    assert_eq!(found.json()["items"].as_array().map(Vec::len), Some(1));
    function.end();
}

pub(crate) async fn get_product(lambda: Lambda) {
    let stage = Stage::set().await;
    a_catalogue(&stage).await;
    let mut function = lambda.start(&stage).await;
    let get =
        |slug: &str| Request::get(&format!("/api/products/{slug}")).route("/api/products/{slug}");

    let shirt = function.send(get("ankara-shirt")).await;
    assert_ok(&shirt);
    assert_eq!(shirt.json()["variants"][0]["price"]["amount"], 1_250_000);
    function.freeze().await;
    let sandals = function.send(get("leather-sandals")).await;
    assert_ok(&sandals);
    assert_eq!(sandals.json()["name"], "Leather sandals");
    assert_eq!(function.send(get("no-such-thing")).await.status, 404);
    function.end();
}

/// Not a visit: what the package's certificates are for.
pub(crate) async fn distrust(lambda: Lambda) {
    let stage = Stage::set().await;
    a_catalogue(&stage).await;
    let mut function = lambda.start(&stage).await;
    let get = || Request::get("/api/products/ankara-shirt").route("/api/products/{slug}");
    let another = CertifiedDatabase::before(&stage, "elsewhere".into()).await;

    function.trust(&another.authority);
    assert_eq!(function.send(get()).await.status, 503);
    function.trust(function.authority());
    assert_ok(&function.send(get()).await);
}

pub(crate) async fn list_categories(lambda: Lambda) {
    let stage = Stage::set().await;
    a_catalogue(&stage).await;
    let mut function = lambda.start(&stage).await;
    let list = || Request::get("/api/categories").route("/api/categories");

    let first = function.send(list()).await;
    assert_ok(&first);
    assert!(
        first.text().contains("\"Shirts\"") && first.text().contains("\"Shoes\""),
        "{}",
        first.text()
    );
    function.freeze().await;
    let again = function
        .send(list().header("if-none-match", first.header("etag").expect("an etag")))
        .await;
    assert_eq!(
        (json!(again.status), again.text()),
        (json!(304), String::new())
    );
    function.end();
}

pub(crate) async fn get_category(lambda: Lambda) {
    let stage = Stage::set().await;
    a_catalogue(&stage).await;
    let mut function = lambda.start(&stage).await;
    let get = |slug: &str| {
        Request::get(&format!("/api/categories/{slug}")).route("/api/categories/{slug}")
    };

    let clothes = function.send(get("clothes")).await;
    assert_ok(&clothes);
    assert_eq!(clothes.json()["name"], "Clothes");
    function.freeze().await;
    let shoes = function.send(get("shoes")).await;
    assert_ok(&shoes);
    assert_eq!(shoes.json()["product_count"], 1);
    assert_eq!(function.send(get("no-such-thing")).await.status, 404);
    function.end();
}

pub(crate) async fn subscribe_back_in_stock(lambda: Lambda) {
    let stage = Stage::set().await;
    let gone = stage.a_product(500_000, 0).await;
    let mut function = lambda.start(&stage).await;
    let wait = |email: &str| {
        Request::post(&format!("/api/variants/{gone}/stock-alerts"))
            .route("/api/variants/{id}/stock-alerts")
            .json(&json!({ "email": email }))
    };

    let first = function.send(wait("ada@example.com")).await;
    assert!((200..300).contains(&first.status), "{}", first.text());
    function.freeze().await;
    let second = function.send(wait("chidi@example.com")).await;
    assert_eq!(second.status, first.status, "{}", second.text());
    assert_eq!(stage.count("SELECT 1 FROM stock_alerts").await, 2);
    stage.announced().await;
    function.end();
}

/// A change of a product and one of stock, each a batch.
pub(crate) async fn sync_product(lambda: Lambda) {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 3).await;
    let product = stage.row("SELECT id FROM products").await["id"].clone();
    let mut function = lambda.start(&stage).await;
    let batch = |kind: &str, payload: Value| {
        let message = stage.a_message(kind, payload);
        let body = serde_json::from_slice(&message.to_bytes()).expect("an envelope is JSON");
        rabbitmq_event("product_updates", "/", &[Message::event(&body)])
    };

    let changed = batch("product.updated", json!({ "product_id": product }));
    assert_eq!(function.invoke(&changed).await, done(1));
    function.freeze().await;
    let moved = batch("stock.changed", json!({ "variant_id": sandals }));
    assert_eq!(function.invoke(&moved).await, done(1));
    assert_eq!(stage.count("SELECT 1 FROM inbox").await, 2);
    stage.announced().await;
    function.end();
}
