use insta::assert_json_snapshot;
use runtime_api::Request;

use crate::shop::{GET_CATEGORY, LIST_CATEGORIES, Shop};

#[tokio::test]
async fn categories_are_a_tree_with_counts() {
    let shop = Shop::stocked().await;
    let function = shop.start(LIST_CATEGORIES);
    let answer = function
        .send(Request::get("/api/categories").route("/api/categories"))
        .await;
    assert_eq!(answer.status, 200);
    assert_json_snapshot!("categories", answer.json(), {
        ".items[].id" => "[id]",
        ".items[].children[].id" => "[id]",
    });
}

fn category(slug: &str) -> Request {
    Request::get(&format!("/api/categories/{slug}")).route("/api/categories/{slug}")
}

#[tokio::test]
async fn a_category_is_shown_with_the_way_there_and_what_is_below() {
    let shop = Shop::stocked().await;
    let function = shop.start(GET_CATEGORY);
    let answer = function.send(category("clothes")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_json_snapshot!("category", answer.json(), {
        ".id" => "[id]",
        ".children[].id" => "[id]",
    });
    for slug in ["nothing", "Clothes", "a%20b", "%00"] {
        let answer = function.send(category(slug)).await;
        assert_eq!(answer.status, 404, "{slug}: {}", answer.text());
    }
}
