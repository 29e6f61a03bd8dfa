use insta::assert_json_snapshot;
use runtime_api::Request;

use crate::shop::{GET_PRODUCT, Shop};

fn product(slug: &str) -> Request {
    Request::get(&format!("/api/products/{slug}")).route("/api/products/{slug}")
}

#[tokio::test]
async fn a_product_is_shown_whole() {
    let shop = Shop::stocked().await;
    let function = shop.start(GET_PRODUCT);
    let answer = function.send(product("ankara-shirt")).await;
    assert_eq!(answer.status, 200);
    assert_json_snapshot!("product", answer.json(), {
        ".id" => "[id]",
        ".variants[].id" => "[id]",
    });
}

#[tokio::test]
async fn what_is_not_on_sale_and_what_never_was_are_refused_in_the_same_words() {
    let shop = Shop::stocked().await;
    let function = shop.start(GET_PRODUCT);
    let mut told = Vec::new();
    for slug in [
        "secret-sandals",
        "nothing",
        "Ankara-Shirt",
        "a%20b",
        "%00",
        "..",
        "ankara-shirt%2F",
    ] {
        let answer = function.send(product(slug)).await;
        assert_eq!(answer.status, 404, "{slug}: {}", answer.text());
        let mut problem = answer.json();
        problem["request_id"].take();
        told.push(problem);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn stock_is_a_word_unless_staff_want_a_number() {
    let shop = Shop::stocked().await;
    let function = shop.start(GET_PRODUCT);
    let answer = function.send(product("ankara-shirt")).await.text();
    for number in ["on_hand", "reserved", ":40", "threshold"] {
        assert!(!answer.contains(number), "{number}: {answer}");
    }
    assert!(answer.contains("\"quantity\":null"), "{answer}");
}

#[tokio::test]
async fn stock_is_a_number_where_staff_want_it_told() {
    let shop = Shop::stocked().await;
    sqlx::query("UPDATE products SET show_quantity = true WHERE slug = 'ankara-shirt'")
        .execute(&mut shop.db.connect().await)
        .await
        .unwrap();
    let function = shop.start(GET_PRODUCT);
    let answer = function.send(product("ankara-shirt")).await.json();
    let told: Vec<_> = answer["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["quantity"])
        .collect();
    assert_eq!(told, [40, 0]);
}
