//! Variants, made, changed and taken off sale.

use serde_json::json;

use super::office::{Ask, Office};
use super::refusals::{CHANGE_VARIANT, NEW_VARIANT, OLD_VARIANT, naira};

#[tokio::test]
async fn a_variant_is_made_changed_taken_off_sale_and_brought_back() {
    let office = Office::open().await;
    let body = json!({"sku": "draft-1", "price": naira(90_000), "weight_grams": 40});
    let make = Ask::new(NEW_VARIANT, office.draft).body(body);
    let made = office.ask(&make).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(
        (&made.json()["sku"], &made.json()["weight_grams"]),
        (&json!("DRAFT-1"), &json!(40))
    );
    let id = made.json()["id"].as_str().unwrap().to_owned();

    let body = json!({"price": naira(80_000), "compare_at_price": naira(90_000), "position": 7});
    let change = Ask::new(CHANGE_VARIANT, &id).body(body).version(1);
    let changed = office.ask(&change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(
        (&changed["price"], &changed["position"]),
        (&naira(80_000), &json!(7))
    );
    assert_eq!(
        (&changed["version"], &changed["product_version"]),
        (&json!(2), &json!(3))
    );
    let full_price = Ask::new(CHANGE_VARIANT, &id)
        .body(json!({"compare_at_price": null}))
        .version(2);
    let full_price = office.ask(&full_price).await.json();
    assert_eq!(full_price["compare_at_price"], json!(null));

    let archive = |version| Ask::new(OLD_VARIANT, &id).version(version);
    assert_eq!(office.ask(&archive(3)).await.status, 204);
    let before = office.everything().await;
    assert_eq!(office.ask(&archive(4)).await.status, 204);
    assert_eq!(office.everything().await, before);
    let back = office.ask(&make).await;
    assert_eq!(back.status, 201, "{}", back.text());
    assert_eq!(back.json()["id"], json!(id));
    assert_eq!(back.json()["archived_at"], json!(null));
    let announced = office.stage.announced().await;
    assert_eq!(announced, ["product.updated"; 5]);
}
