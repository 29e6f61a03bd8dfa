//! The catalogue's functions.

use runtime_api::{Request, Response};
use serde_json::json;
use stage::Stage;

use crate::audience::a_catalogue;
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
