use database::testing::TestDatabase;
use domain::{Cause, Clock, OrderStatus, PaymentStatus};
use serde_json::json;

use crate::{Change, LockedOrder, change, delivery_rate};

fn cause() -> Cause {
    Cause::new(Clock::system().now(), "test", "request")
}

#[tokio::test]
async fn a_state_without_a_rate_has_the_general_one() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let rate = |state: &str| domain::State::parse(state).unwrap();
    let lagos = delivery_rate(&mut connection, rate("Lagos")).await.unwrap();
    let borno = delivery_rate(&mut connection, rate("Borno")).await.unwrap();
    assert!(lagos.pay_on_delivery && !borno.pay_on_delivery);
    assert!(lagos.price.amount() < borno.price.amount());
}

#[tokio::test]
async fn a_move_the_table_does_not_have_is_refused_before_the_database_is_asked() {
    let db = TestDatabase::create().await;
    let order = LockedOrder {
        id: domain::OrderId::new(),
        number: domain::OrderNumber::random(),
        status: OrderStatus::Completed,
        payment_status: PaymentStatus::Paid,
        channel: domain::Channel::Card,
        total: domain::Money::zero(domain::Currency::Ngn),
        expires_at: None,
    };
    let expire = Change {
        kind: "expired",
        status: OrderStatus::Expired,
        payment_status: PaymentStatus::Unpaid,
        detail: json!({}),
    };
    let refused = change(&mut db.connect().await, &cause(), &order, &expire).await;
    assert!(matches!(refused, Err(crate::ChangeError::Forbidden(_))));
}
