//! What follows a change of the catalogue.

use serde_json::json;
use stage::Report;
use stock::testing::a_location;

use super::SYNC_PRODUCT;
use super::office::{Ask, Office};
use super::refusals::{CHANGE_CATEGORY, CHANGE_PRODUCT, NEW_PRODUCT, OLD_PRODUCT, naira};

const QUEUE: &str = "product_updates";
const TOLD: &str = "SELECT kind, alert, detail->'product' AS product FROM activity ORDER BY id";

#[tokio::test]
async fn a_product_gets_its_stock_levels_and_staff_are_told_of_each_change_once() {
    let office = Office::open().await;
    a_location(&mut office.stage.db.connect().await, "Main shelf", 0).await;
    let sync = office.spawn(SYNC_PRODUCT);
    let body = json!({"name": "Cap", "category_id": office.shirts, "status": "published",
                      "variants": [{"sku": "CAP", "price": naira(5)}]});
    let made = office
        .ask(&Ask::new(NEW_PRODUCT, "").body(body))
        .await
        .json();
    let message = office.stage.take_due(QUEUE).await;
    for _ in 0..2 {
        let report = office.stage.hand(&sync, QUEUE, &message).await;
        assert_eq!(report, Report::done(1));
    }
    let levels =
        "SELECT on_hand, reserved FROM stock_levels s JOIN variants v ON v.id = s.variant_id
                  WHERE v.sku = 'CAP'";
    assert_eq!(
        office.stage.rows(levels).await,
        [json!({"on_hand": 0, "reserved": 0})]
    );
    let id = &made["id"];
    let told = |kind: &str| json!({"kind": kind, "alert": false, "product": id});
    assert_eq!(office.stage.rows(TOLD).await, [told("product_created")]);

    let change = Ask::new(CHANGE_PRODUCT, id.as_str().unwrap()).body(json!({"name": "Hat"}));
    assert_eq!(office.ask(&change.version(1)).await.status, 200);
    let archive = Ask::new(OLD_PRODUCT, id.as_str().unwrap()).version(2);
    assert_eq!(office.ask(&archive).await.status, 204);
    office.stage.deliver(&sync, QUEUE).await;
    assert_eq!(
        office.stage.rows(TOLD).await,
        [
            told("product_created"),
            told("product_updated"),
            told("product_archived")
        ]
    );
    // The variant's first word about its stock may still be on its way; nothing announces a product.
    let left = office.stage.announced().await;
    assert!(left.iter().all(|kind| kind == "stock.changed"), "{left:?}");
}

#[tokio::test]
async fn a_moved_category_is_followed_and_a_product_that_is_nowhere_is_put_aside() {
    let office = Office::open().await;
    let sync = office.spawn(SYNC_PRODUCT);
    let rename = Ask::new(CHANGE_CATEGORY, office.shoes)
        .body(json!({"name": "Boots"}))
        .version(1);
    assert_eq!(office.ask(&rename).await.status, 200);
    assert_eq!(office.stage.deliver(&sync, QUEUE).await, Report::done(1));
    let nowhere = json!({"product_id": uuid::Uuid::now_v7()});
    let message = office.stage.a_message("product.updated", nowhere);
    let report = office.stage.hand(&sync, QUEUE, &[message]).await;
    assert_eq!(report.parked, 1);
    assert_eq!(office.stage.count("SELECT 1 AS one FROM activity").await, 0);
    assert_eq!(office.stage.count("SELECT 1 AS one FROM inbox").await, 0);
}
