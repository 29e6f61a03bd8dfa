//! The orders' functions.

use runtime_api::{Message, Request, rabbitmq_event, schedule_event};
use serde_json::{Value, json};
use stage::Stage;

use crate::audience::{a_wish, an_order, done, pay};
use crate::instance::Lambda;

pub(crate) async fn place_order(lambda: Lambda) {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let mut function = lambda.start(&stage).await;

    let first = function.send(a_wish(sandals, "key-1")).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let page = first.json()["payment"]["authorization_url"].clone();
    assert!(
        page.as_str()
            .expect("a page")
            .starts_with(stage.sandbox.url()),
        "{page}"
    );
    function.freeze().await;
    let second = function.send(a_wish(sandals, "key-2")).await;
    assert_eq!(second.status, 201, "{}", second.text());
    assert_ne!(
        first.json()["order"]["number"],
        second.json()["order"]["number"]
    );
    let repeat = function.send(a_wish(sandals, "key-1")).await;
    assert_eq!(repeat.json(), first.json());

    assert_eq!(stage.counters(sandals).await, (10, 4));
    let told = [
        "order.placed",
        "order.placed",
        "stock.changed",
        "stock.changed",
    ];
    assert_eq!(stage.announced().await, told);
    function.end();
}

pub(crate) async fn get_order(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;
    let get =
        || Request::get(&format!("/api/orders/{}", order.number)).route("/api/orders/{number}");

    let open = function.send(get().bearer(&order.token)).await;
    assert_eq!(open.status, 200, "{}", open.text());
    assert_eq!(open.json()["payment_status"], "pending");
    assert_eq!(function.send(get()).await.status, 401);
    function.freeze().await;
    let again = function.send(get().bearer(&order.token)).await;
    assert_eq!(again.json(), open.json());
    assert_eq!(again.json()["number"], order.number);
    function.end();
}

pub(crate) async fn process_order(lambda: Lambda) {
    let stage = Stage::set().await;
    let order = an_order(&stage).await;
    let mut function = lambda.start(&stage).await;
    let batch = |kind: &str| {
        let envelope = stage
            .a_message(kind, json!({ "order_id": order.id }))
            .to_bytes();
        let envelope: Value = serde_json::from_slice(&envelope).expect("JSON");
        rabbitmq_event("order_processing", "/", &[Message::event(&envelope)])
    };

    let paid = batch("order.paid");
    assert_eq!(function.invoke(&paid).await, done(1));
    function.freeze().await;
    assert_eq!(function.invoke(&paid).await, done(1), "the same again");
    assert_eq!(function.invoke(&batch("order.expired")).await, done(1));

    let told = stage
        .rows("SELECT kind, channel FROM notifications ORDER BY kind, channel")
        .await;
    let told: Vec<_> = told
        .iter()
        .map(|row| (&row["kind"], &row["channel"]))
        .collect();
    let expected = [
        ("expired", "email"),
        ("receipt", "email"),
        ("receipt", "sms"),
    ];
    assert_eq!(
        told,
        expected
            .map(|(kind, channel)| (json!(kind), json!(channel)))
            .each_ref()
            .map(|(k, c)| (k, c))
    );
    assert_eq!(stage.announced().await, ["notification.requested"; 3]);
    function.end();
}

pub(crate) async fn expire_orders(lambda: Lambda) {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    stage.an_order(sandals).place().await;
    let mut function = lambda.start(&stage).await;
    let report = |expired: u32, paid: u32| json!({ "expired": expired, "paid": paid, "kept": 0, "failed": 0 });
    let run_out =
        "UPDATE orders SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL";

    stage.execute(run_out).await;
    assert_eq!(function.invoke(&schedule_event()).await, report(1, 0));
    function.freeze().await;
    let paid = stage.an_order(sandals).place().await;
    pay(&stage, &paid).await;
    stage.execute(run_out).await;
    assert_eq!(function.invoke(&schedule_event()).await, report(0, 1));

    assert_eq!(stage.counters(sandals).await, (10, 2));
    assert_eq!(stage.announced().await, ["order.expired", "order.paid"]);
    function.end();
}
