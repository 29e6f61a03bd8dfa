//! What the shop needs is away: the provider hangs, the broker or Redis is stopped.

use std::sync::Arc;

use serde_json::json;
use shop_tests::{Letter, Options, Shop, attempts, eventually};

use crate::PRICE;

pub(crate) async fn a_provider_that_hangs_is_asked_later_and_the_link_is_mailed(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 2).await;
    let buyer = shop.buyer();
    let hang = |times: u32| {
        json!({
            "target": "paystack.initialize", "action": "hang", "times": times,
            "match": { "to": buyer.email },
        })
    };
    shop.standins().misbehave(hang(100)).await;

    let order = buyer.places(variant, 1, "card").await;

    let payment = order.payment.as_ref().expect("an attempt");
    assert_eq!((payment.status.as_str(), &payment.page), ("pending", &None));
    shop.standins().misbehave(hang(0)).await;
    shop.tells(&buyer, &[Letter::PayNow]).await;
    let page = mailed_page(&shop, &buyer.email).await;
    shop.standins().pay(&page, "success").await;

    let seen = buyer.sees_become(&order, "open", "paid").await;
    assert_eq!(
        attempts(&seen),
        [(payment.reference.clone(), "paid".to_owned())]
    );
    shop.tells(&buyer, &[Letter::PayNow, Letter::Receipt]).await;
    let captured = vec![(order.total, "NGN".to_owned())];
    assert_eq!(
        shop.standins().money(&payment.reference).await,
        (captured, vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (2, 1));
}

/// The address in the e-mail's text.
async fn mailed_page(shop: &Shop, email: &str) -> String {
    let inbox = shop.standins().inbox(email).await;
    let text = inbox[0].text.clone().expect("a text part");
    let page = text
        .split_whitespace()
        .find(|word| word.contains("/paystack/checkout/"));
    page.unwrap_or_else(|| panic!("no link in: {text}"))
        .to_owned()
}

pub(crate) async fn without_a_broker_orders_are_placed_and_paid_and_told_of_later() {
    let shop = Shop::start(Options::default()).await;
    let variant = shop.rows().product(PRICE, 5).await;
    shop.rabbit().refuse();

    let buyer = shop.buyer();
    let order = buyer.places(variant, 2, "card").await;
    let (reference, page) = order.first();
    let callback = shop.standins().pay(page, "success").await;
    let storefront = buyer.returns(callback).await;

    assert!(storefront.ends_with("?payment=paid"), "{storefront}");
    let seen = buyer.sees(&order).await;
    assert_eq!(seen["payment_status"], json!("paid"));
    assert_eq!(
        shop.rows().waiting(&order.number).await,
        ["order.paid", "order.placed"]
    );
    shop.tells(&buyer, &[]).await;

    shop.rabbit().open();
    shop.tells(&buyer, &[Letter::Receipt]).await;
    eventually("every event to be delivered", async || {
        let waiting = shop.rows().waiting(&order.number).await;
        if waiting.is_empty() {
            Ok(())
        } else {
            Err(waiting.join(", "))
        }
    })
    .await;
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (5, 2));
    shop.close().await;
}

pub(crate) async fn without_redis_the_shop_serves_on() {
    let shop = Shop::start(Options {
        without_redis: true,
    })
    .await;
    let variant = shop.rows().product(PRICE, 5).await;

    let slug = format!("sandals-{}", variant.uuid().simple());
    let list = shop.read("/api/products?limit=100").await;
    assert_eq!(list["items"][0]["slug"], json!(slug));
    let again = shop.read("/api/products?limit=100").await;
    assert_eq!(again, list);
    shop.read(&format!("/api/products/{slug}")).await;

    let buyer = shop.buyer();
    let order = buyer.places(variant, 2, "card").await;
    let (reference, page) = order.first();
    let callback = shop.standins().pay(page, "success").await;
    assert!(buyer.returns(callback).await.ends_with("?payment=paid"));

    let seen = buyer.sees(&order).await;
    assert_eq!(
        (&seen["status"], &seen["payment_status"]),
        (&json!("open"), &json!("paid"))
    );
    shop.tells(&buyer, &[Letter::Receipt]).await;
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (5, 2));
    assert_eq!(shop.redis().live_connections(), 0);
    shop.close().await;
}
