//! Products, made and changed.

use runtime_api::Request;
use serde_json::{Value, json};

use super::office::{Ask, Office};
use super::refusals::{CHANGE_PRODUCT, NEW_PRODUCT, OLD_PRODUCT, naira};

const SHOP_PRODUCT: &str = env!("CARGO_BIN_EXE_get-product");

/// What customers see of a product.
async fn seen(office: &Office, slug: &str) -> Option<Value> {
    let function = office.spawn(SHOP_PRODUCT);
    let request = Request::get(&format!("/api/products/{slug}")).route("/api/products/{slug}");
    let answer = function.send(request).await;
    (answer.status == 200).then(|| answer.json())
}

#[tokio::test]
async fn a_product_is_made_whole_and_customers_see_it_when_it_is_published() {
    let office = Office::open().await;
    let body = json!({
        "name": "Àdìrẹ cap", "category_id": office.shirts, "show_quantity": true,
        "description": "Dyed in Abẹ́òkúta.\nWash cold.",
        "options": [{"name": "Size", "values": ["S", "M"]}, {"name": "Colour", "values": ["Indigo", "Ọ̀fì"]}],
        "generate_variants": {"sku_prefix": "cap", "price": naira(250_000), "compare_at_price": naira(300_000), "weight_grams": 120},
    });
    let made = office.ask(&Ask::new(NEW_PRODUCT, "").body(body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let product = made.json();
    let skus: Vec<&Value> = (0..4)
        .map(|place| &product["variants"][place]["sku"])
        .collect();
    assert_eq!(
        skus,
        ["CAP-S-INDIGO", "CAP-S-OFI", "CAP-M-INDIGO", "CAP-M-OFI"]
    );
    assert_eq!(product["description"], "Dyed in Abẹ́òkúta.\nWash cold.");
    let shape = [
        &product["status"],
        &product["published_at"],
        &product["price"],
    ];
    assert_eq!(shape, [&json!("draft"), &json!(null), &naira(250_000)]);
    assert_eq!(seen(&office, "adire-cap").await, None);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let publish = Ask::new(CHANGE_PRODUCT, &id)
        .body(json!({"status": "published"}))
        .version(1);
    assert_eq!(office.ask(&publish).await.status, 200);
    let shown = seen(&office, "adire-cap").await.unwrap();
    assert_eq!(shown["variants"][2]["sku"], "CAP-M-INDIGO");
    assert_eq!(shown["version"], 2);
    assert_eq!(
        office.stage.announced().await,
        ["product.created", "product.updated"]
    );
}

#[tokio::test]
async fn what_is_changed_is_answered_and_what_is_not_named_stays() {
    let office = Office::open().await;
    let body = json!({
        "name": "Red shirt", "category_id": office.shoes, "show_quantity": true,
        "options": [
            {"name": "Shade", "renamed_from": "Colour", "values": ["Red", "Blue"]},
            {"name": "Size", "values": ["M", "L"]},
        ],
    });
    let change = Ask::new(CHANGE_PRODUCT, office.shirt.id)
        .body(body)
        .version(1);
    let changed = office.ask(&change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let product = changed.json();
    assert_eq!(
        product["variants"][1]["options"],
        json!({"Shade": "Red", "Size": "L"})
    );
    assert_eq!(
        (&product["slug"], &product["version"]),
        (&json!("ankara-shirt"), &json!(2))
    );
    assert_eq!(product["category"]["slug"], "shoes");
    let again = Ask {
        version: Some(2),
        ..change.clone()
    };
    let before = office.everything().await;
    let unchanged = Ask {
        body: Some(json!({"name": "Red shirt"})),
        ..again
    };
    let unchanged = office.ask(&unchanged).await;
    assert_eq!(
        (unchanged.status, unchanged.header("etag")),
        (200, Some("\"2\""))
    );
    assert_eq!(office.everything().await, before, "no change is none");
    assert_eq!(office.ask(&change).await.status, 412);
    let audit = office
        .stage
        .row("SELECT action, before, after FROM audit_log")
        .await;
    assert_eq!(audit["action"], "product.updated");
    assert_eq!(audit["before"]["name"], "Ankara shirt");
    assert_eq!(audit["after"]["options"][0]["name"], "Shade");
    assert_eq!(audit["after"]["slug"], json!(null), "only what has changed");
    assert_eq!(office.stage.announced().await, ["product.updated"]);
}

#[tokio::test]
async fn an_archived_product_is_seen_by_nobody_and_archived_once() {
    let office = Office::open().await;
    assert!(seen(&office, "belt").await.is_some());
    let archive = |version| Ask::new(OLD_PRODUCT, office.belt.id).version(version);
    assert_eq!(office.ask(&archive(1)).await.status, 204);
    assert_eq!(seen(&office, "belt").await, None);
    let before = office.everything().await;
    assert_eq!(office.ask(&archive(2)).await.status, 204);
    assert_eq!(office.ask(&archive(1)).await.status, 412);
    assert_eq!(office.everything().await, before);
    assert_eq!(office.stage.announced().await, ["product.archived"]);
}
