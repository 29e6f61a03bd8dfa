//! `PATCH /api/admin/stock/{variant_id}`.

use serde_json::{Value, json};

use crate::ADMIN_SET_STOCK_POLICY;
use crate::counter::{Counter, code, faults, set_policy};

const ONE: Option<&str> = Some("\"1\"");

#[tokio::test]
async fn a_policy_is_set_at_the_version_that_was_read() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await.to_string();
    let function = counter.spawn(ADMIN_SET_STOCK_POLICY);
    let body = json!({ "low_stock_threshold": 12, "backorder_limit": 3 });
    let answer = counter
        .ask(&function, set_policy(&sandals, ONE, &body))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let level = &answer.json()["levels"][0];
    let told = [
        &level["low_stock_threshold"],
        &level["backorder_limit"],
        &level["availability"],
    ];
    assert_eq!(told, [&json!(12), &json!(3), &json!("low_stock")]);
    let audit = counter
        .stage
        .row("SELECT action, before, after FROM audit_log")
        .await;
    let shelf = counter.shelf().await;
    let expected = json!({
        "action": "stock.policy_set",
        "before": { shelf.clone(): { "low_stock_threshold": 5, "backorder_limit": 0 } },
        "after": { shelf: { "low_stock_threshold": 12, "backorder_limit": 3 } },
    });
    assert_eq!(audit, expected);
    assert_eq!(counter.stage.announced().await, ["stock.changed"]);

    let before = counter.stage.fingerprints().await;
    let stale = counter
        .ask(&function, set_policy(&sandals, ONE, &body))
        .await;
    assert_eq!(code(&stale), (412, json!("stale_version")));
    let blind = counter
        .ask(&function, set_policy(&sandals, None, &body))
        .await;
    assert_eq!(code(&blind), (428, json!("version_required")));
    let same = counter
        .ask(&function, set_policy(&sandals, Some("\"2\""), &body))
        .await;
    assert_eq!((same.status, same.header("etag")), (200, Some("\"2\"")));
    assert_eq!(
        counter.stage.fingerprints().await,
        before,
        "what changes nothing writes nothing"
    );
}

#[tokio::test]
async fn what_cannot_be_a_policy_is_refused_and_nothing_is_written() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await.to_string();
    let function = counter.spawn(ADMIN_SET_STOCK_POLICY);
    let nobodys = "0190f5fe-7c00-7a00-8000-000000000001";
    let before = counter.stage.fingerprints().await;
    let odd = json!({ "low_stock_threshold": -1, "backorder_limit": null, "on_hand": 7, "location_id": "x" });
    let refused = counter
        .ask(&function, set_policy(&sandals, ONE, &odd))
        .await;
    let mut told = faults(&refused);
    told.sort_unstable();
    let expected = [
        ("/backorder_limit", "required"),
        ("/location_id", "invalid_id"),
        ("/low_stock_threshold", "invalid_limit"),
        ("/on_hand", "unknown_field"),
    ];
    assert_eq!(
        told,
        expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
    );
    for limit in [json!(1_000_001), json!(i64::MAX), json!(1.5), json!("3")] {
        let body = json!({ "backorder_limit": limit });
        let refused = counter
            .ask(&function, set_policy(&sandals, ONE, &body))
            .await;
        assert_eq!(refused.status, 422, "{body}");
    }
    for id in [nobodys, "7", "%00"] {
        let refused = counter
            .ask(&function, set_policy(id, ONE, &json!({})))
            .await;
        assert_eq!(code(&refused), (404, json!("not_found")), "{id}");
    }
    let elsewhere = json!({ "backorder_limit": 1, "location_id": nobodys });
    let refused = counter
        .ask(&function, set_policy(&sandals, ONE, &elsewhere))
        .await;
    assert_eq!(code(&refused), (422, json!("unknown_location")));
    assert_eq!(counter.stage.fingerprints().await, before);
}

#[tokio::test]
async fn a_limit_below_what_is_promised_is_refused() {
    let counter = Counter::open().await;
    let variant = counter.stage.a_product(1_000, 2).await;
    let sandals = variant.to_string();
    let function = counter.spawn(ADMIN_SET_STOCK_POLICY);
    let limit = |pieces: i64| -> Value { json!({ "backorder_limit": pieces }) };
    let set = counter
        .ask(&function, set_policy(&sandals, ONE, &limit(3)))
        .await;
    assert_eq!(set.status, 200);
    counter.stage.announced().await;
    counter.stage.an_order(variant).quantity(4).place().await;
    let before = counter.stage.fingerprints().await;
    let refused = counter
        .ask(&function, set_policy(&sandals, Some("\"2\""), &limit(1)))
        .await;
    assert_eq!(code(&refused), (409, json!("below_reserved")));
    assert_eq!(counter.stage.fingerprints().await, before);
}
