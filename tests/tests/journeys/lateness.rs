//! Money that comes after the order has expired.

use std::sync::Arc;

use domain::VariantId;
use serde_json::json;
use shop_tests::{Buyer, Letter, Placed, Shop, eventually};

use crate::PRICE;

pub(crate) async fn money_after_expiry_revives_an_order_whose_stock_is_left(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 4).await;
    let buyer = shop.buyer();
    let order = expired(&shop, &buyer, variant, 3).await;
    assert_eq!(shop.rows().stock(variant).await, (4, 0));
    assert_eq!(shop.rows().reservations(&order.number).await, ["released"]);
    let (reference, page) = order.first();

    assert_eq!(shop.standins().pay(page, "late").await, None);

    buyer.sees_become(&order, "open", "paid").await;
    shop.tells(&buyer, &[Letter::Expired, Letter::Receipt])
        .await;
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (4, 3));
    assert_eq!(shop.rows().reservations(&order.number).await, ["committed"]);
    assert_eq!(
        kinds(&shop, variant).await,
        ["received", "reserved", "released", "reserved"]
    );
}

pub(crate) async fn money_after_expiry_goes_back_where_the_stock_is_gone(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 1).await;
    let buyer = shop.buyer();
    let order = expired(&shop, &buyer, variant, 1).await;
    let (reference, page) = order.first();
    let quicker = shop.buyer();
    quicker.places(variant, 1, "on_delivery").await;

    shop.standins().pay(page, "late").await;

    let seen = buyer.sees_become(&order, "expired", "refunded").await;
    assert_eq!(seen["payments"][0]["status"], json!("refunded"));
    shop.tells(&buyer, &[Letter::Expired, Letter::MoneyReturned])
        .await;
    shop.tells(&quicker, &[Letter::PayOnDelivery]).await;
    let captured = vec![(order.total, "NGN".to_owned())];
    assert_eq!(
        shop.standins().money(reference).await,
        (captured, vec![order.total])
    );
    let refunds = shop.rows().refunds(reference).await;
    assert_eq!(
        refunds,
        [("late".to_owned(), "processed".to_owned(), order.total)]
    );
    assert_eq!(shop.rows().stock(variant).await, (1, 1));
    assert_eq!(
        kinds(&shop, variant).await,
        ["received", "reserved", "released", "reserved"]
    );
}

/// An order that nobody paid in time.
async fn expired(shop: &Shop, buyer: &Buyer<'_>, variant: VariantId, quantity: i64) -> Placed {
    let order = buyer.places(variant, quantity, "card").await;
    shop.rows().let_time_run_out(&order.number).await;
    eventually("the order to expire", async || {
        shop.expire_orders().await;
        let seen = buyer.sees(&order).await;
        let expired =
            seen["status"] == json!("expired") && seen["payment_status"] == json!("unpaid");
        if expired {
            Ok(())
        } else {
            Err(seen.to_string())
        }
    })
    .await;
    order
}

async fn kinds(shop: &Shop, variant: VariantId) -> Vec<String> {
    let movements = shop.rows().movements(variant).await;
    movements.into_iter().map(|(kind, ..)| kind).collect()
}
