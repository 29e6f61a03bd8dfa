//! `/api/admin/locations`.

use serde_json::json;

use crate::counter::{Counter, code, create_location, faults, update_location};
use crate::{ADMIN_CREATE_LOCATION, ADMIN_LIST_LOCATIONS, ADMIN_UPDATE_LOCATION};

const ONE: Option<&str> = Some("\"1\"");

#[tokio::test]
async fn a_location_is_made_listed_and_changed() {
    let counter = Counter::open().await;
    let (create, update) = (
        counter.spawn(ADMIN_CREATE_LOCATION),
        counter.spawn(ADMIN_UPDATE_LOCATION),
    );
    let list = counter.spawn(ADMIN_LIST_LOCATIONS);
    let body = json!({ "name": "  Ikeja\nshop ", "priority": 3 });
    let made = counter.ask(&create, create_location(&body)).await;
    assert_eq!(
        (made.status, made.header("etag")),
        (201, Some("\"1\"")),
        "{}",
        made.text()
    );
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let expected =
        json!({ "id": id, "name": "Ikeja shop", "priority": 3, "active": true, "version": 1 });
    assert_eq!(made.json(), expected);
    let twice = counter.ask(&create, create_location(&body)).await;
    assert_eq!(code(&twice), (409, json!("location_name_taken")));

    let change = json!({ "name": "Lekki shop", "active": false });
    let changed = counter
        .ask(&update, update_location(&id, ONE, &change))
        .await;
    assert_eq!(
        (changed.status, changed.header("etag")),
        (200, Some("\"2\""))
    );
    let expected =
        json!({ "id": id, "name": "Lekki shop", "priority": 3, "active": false, "version": 2 });
    assert_eq!(changed.json(), expected);
    let audit = counter
        .stage
        .rows("SELECT action, before, after FROM audit_log ORDER BY id")
        .await;
    assert_eq!(audit[0]["action"], "location.created");
    let expected = json!({
        "action": "location.updated",
        "before": { "name": "Ikeja shop", "active": true },
        "after": { "name": "Lekki shop", "active": false },
    });
    assert_eq!((audit.len(), &audit[1]), (2, &expected));

    let closed = counter
        .walk(&list, "/api/admin/locations", "active=false&limit=1")
        .await;
    assert_eq!(closed.len(), 1);
    assert!(
        counter
            .walk(&list, "/api/admin/locations", "active=true")
            .await
            .is_empty()
    );
    assert!(
        counter.stage.announced().await.is_empty(),
        "nobody's availability has changed"
    );
}

#[tokio::test]
async fn a_location_that_holds_or_promises_anything_is_not_closed() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 2).await;
    let shelf = counter.shelf().await;
    counter.stage.an_order(sandals).quantity(2).place().await;
    let update = counter.spawn(ADMIN_UPDATE_LOCATION);
    let before = counter.stage.fingerprints().await;
    let close = json!({ "active": false });
    let refused = counter
        .ask(&update, update_location(&shelf, ONE, &close))
        .await;
    assert_eq!(code(&refused), (409, json!("location_not_empty")));
    assert_eq!(counter.stage.fingerprints().await, before);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_nothing_is_written() {
    let counter = Counter::open().await;
    let (shelf, _) = (
        counter.shelf().await,
        counter.location("Back room", 1, true).await,
    );
    let (create, update) = (
        counter.spawn(ADMIN_CREATE_LOCATION),
        counter.spawn(ADMIN_UPDATE_LOCATION),
    );
    let before = counter.stage.fingerprints().await;
    let odd = json!({ "name": "", "priority": -1, "active": "yes", "version": 9 });
    for refused in [
        counter.ask(&create, create_location(&odd)).await,
        counter
            .ask(&update, update_location(&shelf, ONE, &odd))
            .await,
    ] {
        let mut told = faults(&refused);
        told.sort_unstable();
        let expected = [
            ("/active", "wrong_type"),
            ("/name", "invalid_name"),
            ("/priority", "invalid_priority"),
            ("/version", "unknown_field"),
        ];
        assert_eq!(
            told,
            expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
    }
    let null = json!({ "name": null });
    assert_eq!(
        counter
            .ask(&update, update_location(&shelf, ONE, &null))
            .await
            .status,
        422
    );
    let taken = json!({ "name": "Back room" });
    let refused = counter
        .ask(&update, update_location(&shelf, ONE, &taken))
        .await;
    assert_eq!(code(&refused), (409, json!("location_name_taken")));
    for (version, expected) in [
        (None, (428, "version_required")),
        (Some("*"), (428, "version_required")),
        (Some("1"), (400, "malformed_version")),
        (Some("\"7\""), (412, "stale_version")),
    ] {
        let body = json!({ "priority": 5 });
        let refused = counter
            .ask(&update, update_location(&shelf, version, &body))
            .await;
        assert_eq!(
            code(&refused),
            (expected.0, json!(expected.1)),
            "{version:?}"
        );
    }
    for id in ["0190f5fe-7c00-7a00-8000-000000000001", "7", "%00"] {
        let refused = counter
            .ask(&update, update_location(id, ONE, &json!({})))
            .await;
        assert_eq!(code(&refused), (404, json!("not_found")), "{id}");
    }
    assert_eq!(counter.stage.fingerprints().await, before);
}
