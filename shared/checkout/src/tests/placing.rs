use database::DatabaseError;
use database::idempotency::{Begun, IdempotencyError};
use domain::{Channel, Currency, Money, OrderStatus, PaymentStatus, State};

use super::counter::Counter;
use crate::{PlaceOrderError, place, price};

#[tokio::test]
async fn an_order_is_priced_reserved_and_announced_together() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let order = counter.place(&Counter::wish(sandals, 2)).await.unwrap();
    let placed = counter.order(order).await;
    assert_eq!(placed.totals.subtotal.amount(), 1_000_000);
    assert_eq!(
        placed.totals.delivery.amount(),
        200_000,
        "the rate of Lagos"
    );
    assert_eq!(
        placed.totals.tax.amount(),
        83_721,
        "7.5 % contained in NGN 12,000.00"
    );
    assert_eq!(counter.counters(sandals).await, (5, 2));
    counter
        .expect(order, OrderStatus::Open, PaymentStatus::Pending)
        .await;
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn what_is_not_there_is_refused_and_nothing_is_written() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(1).await;
    let short = counter.place(&Counter::wish(sandals, 2)).await;
    let Err(PlaceOrderError::OutOfStock(short)) = short else {
        panic!("{short:?}")
    };
    assert_eq!(
        (short[0].0, short[0].1.requested, short[0].1.available),
        (0, 2, 1)
    );
    let unknown = counter
        .place(&Counter::wish(domain::VariantId::new(), 1))
        .await;
    assert!(matches!(unknown, Err(PlaceOrderError::NotForSale(places)) if places == [0]));
    assert_eq!(counter.counters(sandals).await, (1, 0));
    counter.close(&[]).await;
}

#[tokio::test]
async fn a_changed_price_and_a_rider_who_takes_no_money_are_refused() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let mut wish = Counter::wish(sandals, 1);
    wish.expected_total = Some(Money::new(1, Currency::Ngn).unwrap());
    let changed = counter.place(&wish).await;
    assert!(matches!(changed, Err(PlaceOrderError::PriceChanged { .. })));
    let mut wish = Counter::wish(sandals, 1);
    wish.channel = Channel::OnDelivery;
    let borno = State::parse("Borno").unwrap();
    wish.delivery_address =
        domain::DeliveryAddress::new("1 Canary Road", None, "Maiduguri", "Maiduguri", borno)
            .unwrap();
    assert!(matches!(
        counter.place(&wish).await,
        Err(PlaceOrderError::NoPayOnDelivery)
    ));
    counter.close(&[]).await;
}

#[tokio::test]
async fn an_order_paid_to_the_rider_is_kept_for_good_and_has_no_payment() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(5).await;
    let mut wish = Counter::wish(sandals, 1);
    wish.channel = Channel::OnDelivery;
    let order = counter.place(&wish).await.unwrap();
    counter
        .expect(order, OrderStatus::Open, PaymentStatus::OnDelivery)
        .await;
    assert!(counter.order(order).await.expires_at.is_none());
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn one_key_is_one_order_even_for_copies_at_the_same_time() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(50).await;
    let (cause, key) = (counter.cause(), Counter::key("once"));
    let mut copies = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (shop, cause, key) = (counter.shop.clone(), cause.clone(), key.clone());
        copies.spawn(async move {
            let mut tx = shop.database.begin().await.unwrap();
            let wish = Counter::wish(sandals, 1);
            let order = price(&mut tx, cause.at, &shop.terms, &wish).await.unwrap();
            let begun = place(&mut tx, &cause, &shop.sealer, &key, &order)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            begun
        });
    }
    let begun = copies.join_all().await;
    assert_eq!(
        begun.iter().filter(|begun| **begun == Begun::New).count(),
        1
    );
    let made = |begun: &&Begun| matches!(begun, Begun::Unanswered(_));
    assert_eq!(begun.iter().filter(made).count(), 7);
    let mut other = key.clone();
    other.request_hash = vec![2];
    let mut tx = counter.shop.database.begin().await.unwrap();
    let wish = Counter::wish(sandals, 1);
    let order = price(&mut tx, cause.at, &counter.shop.terms, &wish)
        .await
        .unwrap();
    let refused = place(&mut tx, &cause, &counter.shop.sealer, &other, &order).await;
    assert!(matches!(
        refused,
        Err(PlaceOrderError::Key(IdempotencyError::OtherRequest))
    ));
    drop(tx);
    assert_eq!(counter.counters(sandals).await, (50, 1));
    counter.close(&["order.placed", "stock.changed"]).await;
}

#[tokio::test]
async fn two_hundred_buyers_for_the_last_twenty_leave_none_and_oversell_none() {
    let counter = Counter::open().await;
    let sandals = counter.a_product(20).await;
    let counter = std::sync::Arc::new(counter);
    let mut buyers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let counter = counter.clone();
        buyers.spawn(async move {
            loop {
                match counter.place(&Counter::wish(sandals, 1)).await {
                    Ok(_) => return true,
                    Err(PlaceOrderError::OutOfStock(_)) => return false,
                    // Two hundred at one small pool: some wait longer than it lets them.
                    Err(PlaceOrderError::Database(DatabaseError::Unavailable(_))) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let served = buyers
        .join_all()
        .await
        .into_iter()
        .filter(|served| *served)
        .count();
    assert_eq!(served, 20);
    assert_eq!(counter.counters(sandals).await, (20, 20));
    let counter = std::sync::Arc::into_inner(counter).unwrap();
    counter
        .close(&["order.placed", "stock.changed"].repeat(20))
        .await;
}
