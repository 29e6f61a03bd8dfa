//! What staff list.

use runtime_api::Request;
use serde_json::{Value, json};

use crate::counter::{Counter, faults};
use crate::{ADMIN_LIST_RESERVATIONS, ADMIN_LIST_STOCK, ADMIN_LIST_STOCK_MOVEMENTS};

const STOCK: &str = "/api/admin/stock";
const MOVEMENTS: &str = "/api/admin/stock/movements";
const RESERVATIONS: &str = "/api/admin/stock/reservations";

fn words(items: &[Value]) -> Vec<&str> {
    let words = items.iter();
    words
        .map(|item| item["availability"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn stock_is_listed_and_narrowed() {
    let counter = Counter::open().await;
    let stage = &counter.stage;
    let mut variants = Vec::new();
    for on_hand in [0, 3, 40] {
        variants.push(stage.a_product(1_000, on_hand).await);
    }
    let function = counter.spawn(ADMIN_LIST_STOCK);
    let all = counter.walk(&function, STOCK, "limit=1").await;
    assert_eq!(all.len(), 3);
    let skus: Vec<&str> = all
        .iter()
        .map(|item| item["sku"].as_str().unwrap())
        .collect();
    assert!(skus.is_sorted());
    let shelf = counter.shelf().await;
    for (query, expected) in [
        ("low=true".to_owned(), vec!["low_stock", "out_of_stock"]),
        ("out=true".to_owned(), vec!["out_of_stock"]),
        (
            format!("low=true&location={shelf}"),
            vec!["low_stock", "out_of_stock"],
        ),
        (format!("sku={}", skus[1]), words(&all[1..2])),
        ("sku=NOTHING".to_owned(), vec![]),
    ] {
        let items = counter.walk(&function, STOCK, &query).await;
        let mut found = words(&items);
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    let three = all.iter().find(|item| item["on_hand"] == 3).unwrap();
    let expected = json!({
        "variant_id": variants[1], "sku": three["sku"], "version": 1,
        "product": { "id": three["product"]["id"], "name": "Leather sandals" },
        "location": { "id": shelf, "name": "Main shelf" },
        "on_hand": 3, "reserved": 0, "available": 3, "backorder_limit": 0,
        "low_stock_threshold": 5, "availability": "low_stock",
    });
    assert_eq!(three, &expected);
}

#[tokio::test]
async fn the_ledger_and_the_promises_of_an_order_are_listed() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await;
    let order = counter.stage.an_order(sandals).quantity(4).place().await;
    let function = counter.spawn(ADMIN_LIST_STOCK_MOVEMENTS);
    let query = format!("variant={sandals}&limit=1");
    let ledger = counter.walk(&function, MOVEMENTS, &query).await;
    let told: Vec<_> = ledger
        .iter()
        .map(|m| (&m["kind"], &m["order_id"]))
        .collect();
    let (reserved, received) = (json!("reserved"), json!("received"));
    assert_eq!(
        told,
        [(&reserved, &json!(order.id)), (&received, &Value::Null)]
    );
    let of_kind = counter
        .walk(
            &function,
            MOVEMENTS,
            "kind=received&to=2999-01-01T00:00:00Z",
        )
        .await;
    assert_eq!(of_kind.len(), 1);
    let later = counter
        .walk(&function, MOVEMENTS, "from=2999-01-01T00:00:00Z")
        .await;
    assert!(later.is_empty());

    let function = counter.spawn(ADMIN_LIST_RESERVATIONS);
    let promised = counter.walk(&function, RESERVATIONS, "limit=1").await;
    let told = (
        &promised[0]["order_id"],
        &promised[0]["quantity"],
        &promised[0]["status"],
    );
    assert_eq!(told, (&json!(order.id), &json!(4), &json!("held")));
}

#[tokio::test]
async fn every_fault_of_a_list_is_told_at_once() {
    let counter = Counter::open().await;
    for (binary, route, query, expected) in [
        (
            ADMIN_LIST_STOCK,
            STOCK,
            "low=yes&location=x&sku=%00&limit=0&cursor=!&page=2",
            vec!["?cursor", "?limit", "?location", "?low", "?page", "?sku"],
        ),
        (
            ADMIN_LIST_STOCK_MOVEMENTS,
            MOVEMENTS,
            "kind=stolen&variant=7&from=today&to=99999-01-01T00:00:00Z&cursor=bnVsbA",
            vec!["?cursor", "?from", "?kind", "?to", "?variant"],
        ),
        (
            ADMIN_LIST_RESERVATIONS,
            RESERVATIONS,
            "order=7&order=8&state=held",
            vec!["?order", "?order", "?state"],
        ),
    ] {
        let function = counter.spawn(binary);
        let request = Request::get(&format!("{route}?{query}")).route(route);
        let refused = counter.ask(&function, request).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        let mut told: Vec<String> = faults(&refused).into_iter().map(|(at, _)| at).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{route}");
    }
}
