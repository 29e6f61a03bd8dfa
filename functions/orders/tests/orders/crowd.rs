//! More buyers than pieces.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use runtime_api::Functions;
use serde_json::json;
use stage::Stage;

use crate::PLACE_ORDER;
use crate::requests::{a_wish, place, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_buyers_at_once_for_the_last_twenty_pieces_twenty_are_served() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 20).await;
    let functions = Functions::spawn(8, PLACE_ORDER, &stage.settings(PLACE_ORDER));
    let buyers = (0..200).map(|buyer| {
        let wish = with(a_wish(sandals), "/items/0/quantity", json!(1));
        let wish = with(
            wish,
            "/customer/email",
            json!(format!("buyer{buyer}@example.com")),
        );
        let functions = &functions;
        async move {
            functions
                .send(place(&format!("buyer-{buyer}"), &wish))
                .await
        }
    });

    let answers = join_all(buyers).await;

    let mut told: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for answer in &answers {
        let code = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        *told.entry((answer.status, code)).or_default() += 1;
        if answer.status == 409 {
            assert_eq!(answer.json()["errors"][0]["pointer"], "/items/0/quantity");
        }
    }
    let expected = [
        ((201, String::new()), 20),
        ((409, "out_of_stock".to_owned()), 180),
    ];
    assert_eq!(told, BTreeMap::from(expected));

    assert_eq!(stage.counters(sandals).await, (20, 20));
    assert_eq!(stage.count("SELECT 1 FROM orders").await, 20);
    assert_eq!(
        stage
            .count("SELECT 1 FROM payments WHERE status = 'open'")
            .await,
        20
    );
    assert_eq!(stage.count("SELECT 1 FROM idempotency_keys").await, 20);
    let movements = stage
        .row("SELECT sum(on_hand)::bigint AS on_hand, sum(reserved)::bigint AS reserved FROM stock_movements")
        .await;
    assert_eq!(movements, json!({ "on_hand": 20, "reserved": 20 }));
    let held = stage
        .row("SELECT count(*) AS orders, sum(quantity)::bigint AS pieces FROM stock_reservations WHERE status = 'held'")
        .await;
    assert_eq!(held, json!({ "orders": 20, "pieces": 20 }));
    assert_eq!(
        stage.announced().await,
        [["order.placed"; 20], ["stock.changed"; 20]].concat()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_who_name_the_same_products_in_another_order_do_not_wait_for_each_other() {
    let stage = Stage::set().await;
    let (sandals, boots) = (
        stage.a_product(500_000, 8).await,
        stage.a_product(900_000, 8).await,
    );
    let functions = Functions::spawn(6, PLACE_ORDER, &stage.settings(PLACE_ORDER));
    let buyers = (0..40).map(|buyer| {
        let mut items = vec![
            json!({ "variant_id": sandals, "quantity": 1 }),
            json!({ "variant_id": boots, "quantity": 1 }),
        ];
        if buyer % 2 == 0 {
            items.reverse();
        }
        let wish = with(a_wish(sandals), "/items", json!(items));
        let functions = &functions;
        async move {
            functions
                .send(place(&format!("buyer-{buyer}"), &wish))
                .await
                .status
        }
    });

    let statuses = join_all(buyers).await;

    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 8);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 32);
    assert_eq!(stage.counters(sandals).await, (8, 8));
    assert_eq!(stage.counters(boots).await, (8, 8));
    assert_eq!(
        stage.announced().await,
        [&["order.placed"; 8][..], &["stock.changed"; 16]].concat()
    );
}
