//! Other money than was asked for: twice, too little, too much, of another currency.

use std::sync::Arc;

use serde_json::json;
use shop_tests::{Letter, Shop, attempts, eventually};

use crate::PRICE;

pub(crate) async fn the_first_link_pays_and_the_second_payment_goes_back(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 2).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (first, first_page) = order.first();
    shop.standins().pay(first_page, "abandoned").await;
    let second = buyer.starts_again(&order).await;
    let second_page = second.page.as_deref().expect("the provider has answered");
    assert_ne!(second.reference, first);
    assert_eq!(second.amount, order.total);

    shop.standins().pay(first_page, "success").await;
    buyer.sees_become(&order, "open", "paid").await;
    shop.standins().pay(second_page, "success").await;

    eventually("the second payment to go back", async || {
        let seen = buyer.sees(&order).await;
        match attempts(&seen).as_slice() {
            [(_, one), (_, two)] if one == "paid" && two == "refunded" => Ok(()),
            _ => Err(seen.to_string()),
        }
    })
    .await;
    shop.tells(&buyer, &[Letter::Receipt, Letter::MoneyReturned])
        .await;
    let seen = buyer.sees(&order).await;
    assert_eq!(
        (&seen["status"], &seen["payment_status"]),
        (&json!("open"), &json!("paid"))
    );
    let captured = vec![(order.total, "NGN".to_owned())];
    assert_eq!(
        shop.standins().money(first).await,
        (captured.clone(), vec![])
    );
    assert_eq!(
        shop.standins().money(&second.reference).await,
        (captured, vec![order.total])
    );
    let refunds = shop.rows().refunds(&second.reference).await;
    assert_eq!(
        refunds,
        [("duplicate".to_owned(), "processed".to_owned(), order.total)]
    );
    assert_eq!(shop.rows().stock(variant).await, (2, 1));
}

pub(crate) async fn an_underpaid_order_is_held_until_its_rest_is_paid(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 2).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (first, page) = order.first();

    shop.standins().pay(page, "underpaid").await;
    buyer.sees_become(&order, "open", "underpaid").await;
    shop.tells(&buyer, &[Letter::Underpaid]).await;
    assert_eq!(shop.rows().reservations(&order.number).await, ["committed"]);

    let rest = buyer.starts_again(&order).await;
    let half = order.total / 2;
    assert_eq!(rest.amount, order.total - half);
    shop.standins()
        .pay(
            rest.page.as_deref().expect("the provider has answered"),
            "success",
        )
        .await;

    let seen = buyer.sees_become(&order, "open", "paid").await;
    assert!(
        attempts(&seen).iter().all(|(_, status)| status == "paid"),
        "{seen}"
    );
    shop.tells(&buyer, &[Letter::Underpaid, Letter::Receipt])
        .await;
    let ngn = |amount| vec![(amount, "NGN".to_owned())];
    assert_eq!(shop.standins().money(first).await, (ngn(half), vec![]));
    assert_eq!(
        shop.standins().money(&rest.reference).await,
        (ngn(order.total - half), vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (2, 1));
}

pub(crate) async fn an_overpaid_order_is_paid_and_its_surplus_known(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 1).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (reference, page) = order.first();

    shop.standins().pay(page, "overpaid").await;

    let seen = buyer.sees_become(&order, "open", "overpaid").await;
    assert_eq!(attempts(&seen), [(reference.to_owned(), "paid".to_owned())]);
    shop.tells(&buyer, &[Letter::Receipt]).await;
    assert_eq!(shop.rows().surplus(reference).await, order.total);
    assert_eq!(shop.rows().alerts("order_paid", reference).await, 1);
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(2 * order.total, "NGN".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (1, 1));
}

pub(crate) async fn money_of_another_currency_credits_nothing_and_alerts_staff(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 1).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (reference, page) = order.first();

    shop.standins().pay(page, "wrong_currency").await;

    let unmatched = eventually("the payment to be set aside", async || {
        shop.rows()
            .unmatched(reference)
            .await
            .ok_or_else(|| "nothing".to_owned())
    })
    .await;
    assert_eq!(
        unmatched,
        ("other_currency".to_owned(), order.total, "USD".to_owned())
    );
    assert_eq!(shop.rows().alerts("payment_unmatched", reference).await, 1);
    let seen = buyer.sees(&order).await;
    assert_eq!(
        (&seen["status"], &seen["payment_status"]),
        (&json!("open"), &json!("pending"))
    );
    assert_eq!(
        attempts(&seen),
        [(reference.to_owned(), "review".to_owned())]
    );
    shop.tells(&buyer, &[]).await;
    assert_eq!(
        shop.standins().money(reference).await,
        (vec![(order.total, "USD".to_owned())], vec![])
    );
    assert_eq!(shop.rows().stock(variant).await, (1, 1));
    assert_eq!(shop.rows().reservations(&order.number).await, ["held"]);
}
