//! The ordinary ways to pay, told and untold.

use std::sync::Arc;

use serde_json::json;
use shop_tests::{Letter, Shop, attempts, eventually};

use crate::PRICE;

fn pieces(kind: &str, on_hand: i64, reserved: i64) -> (String, i64, i64) {
    (kind.to_owned(), on_hand, reserved)
}

pub(crate) async fn an_order_is_placed_paid_and_confirmed(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 5).await;

    let list = shop.read("/api/products?limit=100").await;
    let slug = format!("sandals-{}", variant.uuid().simple());
    let listed = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|item| item["slug"] == json!(slug));
    let listed = listed.unwrap_or_else(|| panic!("{slug} is not in {list}"));
    assert_eq!(
        listed["price"],
        json!({ "amount": PRICE, "currency": "NGN" })
    );
    let product = shop.read(&format!("/api/products/{slug}")).await;
    assert_eq!(product["variants"][0]["id"], json!(variant.uuid()));

    let buyer = shop.buyer();
    let order = buyer.places(variant, 2, "card").await;
    assert_eq!(order.order["subtotal"]["amount"], json!(2 * PRICE));
    assert_eq!(
        (&order.order["status"], &order.order["payment_status"]),
        (&json!("open"), &json!("pending"))
    );
    assert_eq!(shop.rows().stock(variant).await, (5, 2));
    let (reference, page) = order.first();

    let callback = shop.standins().pay(page, "success").await;
    let storefront = buyer.returns(callback).await;
    let expected = format!(
        "{}/storefront/orders/{}?payment=paid",
        shop.standins().url(),
        order.number
    );
    assert_eq!(storefront, expected);

    let paid = buyer.sees(&order).await;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("open"), &json!("paid"))
    );
    assert_eq!(attempts(&paid), [(reference.to_owned(), "paid".to_owned())]);
    shop.tells(&buyer, &[Letter::Receipt]).await;
    receipt_is_worth_reading(&shop, &buyer.email, &order.number).await;
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (5, 2));
    assert_eq!(
        shop.rows().movements(variant).await,
        [pieces("received", 5, 0), pieces("reserved", 0, 2)]
    );
    assert_eq!(shop.rows().reservations(&order.number).await, ["committed"]);
}

async fn receipt_is_worth_reading(shop: &Shop, email: &str, number: &str) {
    let inbox = shop.standins().inbox(email).await;
    let receipt = &inbox[0];
    assert_eq!(receipt.from, "orders@madrush.example");
    for part in [&receipt.text, &receipt.html] {
        let part = part.as_deref().expect("both parts");
        for word in [number, "Leather sandals", "Ada Obi", "Allen Avenue"] {
            assert!(part.contains(word), "{word} is not in: {part}");
        }
    }
}

pub(crate) async fn the_scheduled_check_finds_a_payment_that_nobody_told_of(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 1).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (reference, page) = order.first();
    let rule = json!({ "target": "paystack.webhook", "action": "drop", "match": { "reference": reference } });
    shop.standins().misbehave(rule).await;

    shop.standins().pay(page, "success").await;

    buyer.sees_become(&order, "open", "paid").await;
    shop.tells(&buyer, &[Letter::Receipt]).await;
    assert_eq!(shop.rows().successes_told(reference).await, (0, 0));
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (1, 1));
    assert_eq!(shop.rows().reservations(&order.number).await, ["committed"]);
}

pub(crate) async fn a_webhook_five_times_and_before_the_callback_pays_once(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 3).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (reference, page) = order.first();
    for rule in [
        json!({ "action": "repeat", "count": 5 }),
        json!({ "action": "before_answer" }),
    ] {
        let mut rule = rule;
        rule["target"] = json!("paystack.webhook");
        rule["match"] = json!({ "reference": reference });
        shop.standins().misbehave(rule).await;
    }

    let callback = shop.standins().pay(page, "success").await;
    buyer.sees_become(&order, "open", "paid").await;
    let storefront = buyer.returns(callback).await;

    assert!(storefront.ends_with("?payment=paid"), "{storefront}");
    let told = async || match shop.rows().successes_told(reference).await {
        (1, 5) => Ok(()),
        told => Err(format!("{told:?}")),
    };
    eventually("five webhooks, kept as one", told).await;
    assert_eq!(
        shop.standins().deliveries_of(reference).await,
        [Some(200); 5]
    );
    paid_once(&shop, &buyer, &order, variant).await;
}

pub(crate) async fn a_payer_quicker_than_the_answer_to_initialize_pays_once(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 3).await;
    let buyer = shop.buyer();
    let to = json!({ "to": buyer.email });
    shop.standins()
        .misbehave(
            json!({ "target": "paystack.initialize", "action": "before_answer", "match": to }),
        )
        .await;

    let order = buyer.places(variant, 1, "card").await;

    buyer.sees_become(&order, "open", "paid").await;
    paid_once(&shop, &buyer, &order, variant).await;
}

async fn paid_once(
    shop: &Shop,
    buyer: &shop_tests::Buyer<'_>,
    order: &shop_tests::Placed,
    variant: domain::VariantId,
) {
    let (reference, _) = order.first();
    shop.tells(buyer, &[Letter::Receipt]).await;
    let seen = buyer.sees(order).await;
    assert_eq!(attempts(&seen), [(reference.to_owned(), "paid".to_owned())]);
    let paid = seen["timeline"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["kind"] == json!("paid"));
    assert_eq!(paid.count(), 1, "{seen}");
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (3, 1));
    assert_eq!(
        shop.rows().movements(variant).await,
        [pieces("received", 3, 0), pieces("reserved", 0, 1)]
    );
}

pub(crate) async fn an_order_paid_to_the_rider_is_confirmed_without_the_provider(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 2).await;
    let buyer = shop.buyer();

    let order = buyer.places(variant, 2, "on_delivery").await;

    assert!(order.payment.is_none(), "{order:?}");
    shop.tells(&buyer, &[Letter::PayOnDelivery]).await;
    let seen = buyer.sees(&order).await;
    assert_eq!(
        (&seen["status"], &seen["payment_status"]),
        (&json!("open"), &json!("on_delivery"))
    );
    assert_eq!(attempts(&seen), []);
    assert_eq!(shop.standins().transactions_of(&buyer.email).await, 0);
    assert_eq!(shop.rows().stock(variant).await, (2, 2));
    assert_eq!(shop.rows().reservations(&order.number).await, ["committed"]);
}
