use insta::assert_json_snapshot;
use runtime_api::Request;

use crate::shop::{LIST_CATEGORIES, Shop};

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
