//! Categories, made, moved and removed.

use runtime_api::Request;
use serde_json::{Value, json};

use super::office::{Ask, Office};
use super::refusals::{CHANGE_CATEGORY, NEW_CATEGORY, OLD_CATEGORY};

const SHOP_CATEGORIES: &str = env!("CARGO_BIN_EXE_list-categories");

/// The tree that customers see: slugs, with those below them.
async fn seen(office: &Office) -> Value {
    let function = office.spawn(SHOP_CATEGORIES);
    let request = Request::get("/api/categories").route("/api/categories");
    slugs(&function.send(request).await.json()["items"])
}

fn slugs(items: &Value) -> Value {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| json!({ item["slug"].as_str().unwrap(): slugs(&item["children"]) }))
        .collect()
}

#[tokio::test]
async fn a_category_is_made_moved_with_what_is_below_it_and_removed() {
    let office = Office::open().await;
    let body = json!({"name": "Men's", "parent_id": office.clothes});
    let made = office.ask(&Ask::new(NEW_CATEGORY, "").body(body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["path"], "/clothes/mens/");
    let men = made.json()["id"].clone();
    assert_eq!(
        seen(&office).await,
        json!([{"clothes": [{"shirts": []}, {"mens": []}]}, {"shoes": []}])
    );
    let below = Ask::new(CHANGE_CATEGORY, office.shirts)
        .body(json!({"parent_id": men}))
        .version(1);
    assert_eq!(
        office.ask(&below).await.json()["path"],
        "/clothes/mens/shirts/"
    );
    let away = Ask::new(CHANGE_CATEGORY, men.as_str().unwrap()).version(1);
    let away = away.body(json!({"parent_id": null, "slug": "men", "position": 1}));
    let moved = office.ask(&away).await;
    assert_eq!(moved.json()["path"], "/men/");
    assert_eq!(
        seen(&office).await,
        json!([{"clothes": []}, {"men": [{"shirts": []}]}, {"shoes": []}])
    );
    assert_eq!(
        office
            .ask(&Ask::new(OLD_CATEGORY, office.shoes).version(1))
            .await
            .status,
        204
    );
    assert_eq!(
        seen(&office).await,
        json!([{"clothes": []}, {"men": [{"shirts": []}]}])
    );
    let shirts = office
        .stage
        .row("SELECT path, version FROM categories WHERE slug = 'shirts'")
        .await;
    assert_eq!(shirts, json!({"path": "/men/shirts/", "version": 2}));
    let audit = office
        .stage
        .rows("SELECT action FROM audit_log ORDER BY id")
        .await;
    let actions: Vec<&Value> = audit.iter().map(|row| &row["action"]).collect();
    assert_eq!(
        actions,
        [
            "category.created",
            "category.updated",
            "category.updated",
            "category.deleted"
        ]
    );
    assert_eq!(office.stage.announced().await, ["category.updated"; 4]);
}
