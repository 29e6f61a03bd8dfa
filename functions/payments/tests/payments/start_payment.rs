//! `POST /api/orders/{number}/payments`.

use domain::Channel;
use serde_json::{Value, json};
use stage::{Report, Stage, answer, assert_answer};

use crate::requests::{start, unkeyed};
use crate::{PROCESS_PAYMENT, QUEUE, START_PAYMENT};

#[tokio::test]
async fn a_further_attempt_has_its_own_reference_and_the_former_one_stays_mapped() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(START_PAYMENT);

    let request = start(&order.number, "key-1", "bank_transfer").bearer(&order.token);
    let begun = function.send(request).await;
    assert_answer!("bank_transfer", begun);
    let request = start(&order.number, "key-2", "ussd").bearer(&order.token);
    assert_answer!("ussd", function.send(request).await);
    let request = start(&order.number, "key-3", "card").bearer(&order.token);
    assert_answer!("card", function.send(request).await);

    let attempts = stage
        .rows("SELECT reference, status FROM payments ORDER BY created_at")
        .await;
    assert_eq!(attempts.len(), 4);
    assert_eq!(attempts[0]["reference"], order.reference());
    assert!(attempts.iter().all(|attempt| attempt["status"] == "open"));
    assert_eq!(stage.announced().await, ["payment.requested"; 3]);
}

#[tokio::test]
async fn the_same_request_under_the_same_key_begins_one_attempt() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(START_PAYMENT);
    let request = || start(&order.number, "key-1", "card").bearer(&order.token);

    let first = function.send(request()).await;
    let again = function.send(request()).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);

    let other = start(&order.number, "key-1", "ussd").bearer(&order.token);
    let refused = function.send(other).await;
    assert_eq!(
        (refused.status, refused.json()["code"].clone()),
        (422, json!("idempotency_key_reused"))
    );
    assert_eq!(stage.count("SELECT 1 FROM payments").await, 2);
    assert_eq!(stage.announced().await, ["payment.requested"]);
}

#[tokio::test]
async fn of_two_simultaneous_copies_one_begins_the_attempt() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage
        .control(json!({ "target": "paystack.initialize", "action": "delay", "ms": 500 }))
        .await;
    let (one, other) = (stage.spawn(START_PAYMENT), stage.spawn(START_PAYMENT));
    let request = || start(&order.number, "key-1", "card").bearer(&order.token);

    let (one, other) = tokio::join!(one.send(request()), other.send(request()));

    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(
        statuses == [201, 409] || one.body == other.body,
        "{one:?} {other:?}"
    );
    assert_eq!(stage.count("SELECT 1 FROM payments").await, 2);
    assert_eq!(stage.announced().await, ["payment.requested"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_and_nothing_is_written() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let function = stage.spawn(START_PAYMENT);
    let before = stage.fingerprints().await;
    let send = async |body: &Value| {
        let request = unkeyed(&order.number)
            .header("idempotency-key", "k")
            .bearer(&order.token);
        let answer = function.send(request.json(body)).await;
        let error = answer.json()["errors"][0].clone();
        (
            answer.status,
            error["pointer"].clone(),
            error["code"].clone(),
        )
    };

    for (body, pointer, code) in [
        (json!({}), "/channel", "required"),
        (json!({ "channel": "cash" }), "/channel", "unknown_word"),
        (json!({ "channel": 1 }), "/channel", "wrong_type"),
        (
            json!({ "channel": "card", "amount": 1 }),
            "/amount",
            "unknown_field",
        ),
    ] {
        assert_eq!(
            send(&body).await,
            (422, json!(pointer), json!(code)),
            "{body}"
        );
    }
    let rider = start(&order.number, "k", "on_delivery").bearer(&order.token);
    assert_answer!("on_delivery", function.send(rider).await);
    let keyless = unkeyed(&order.number)
        .bearer(&order.token)
        .json(&json!({ "channel": "card" }));
    assert_eq!(function.send(keyless).await.status, 400);
    let plain = unkeyed(&order.number)
        .header("idempotency-key", "k")
        .bearer(&order.token);
    assert_eq!(function.send(plain.body("{}")).await.status, 415);
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn an_order_that_waits_for_no_money_takes_no_attempt() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 20).await;
    let function = stage.spawn(START_PAYMENT);
    let paid = stage.an_order(sandals).place().await;
    stage.pay(paid.page(), "success").await;
    let reference = &paid.attempt.as_ref().unwrap().reference;
    checkout::settle_payment(&stage.resources, &stage.cause(), reference)
        .await
        .unwrap();
    let rider = stage
        .an_order(sandals)
        .channel(Channel::OnDelivery)
        .place()
        .await;
    let late = stage.an_order(sandals).place().await;
    stage
        .execute(&format!(
            "UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = '{}'",
            late.id
        ))
        .await;
    assert_eq!(stage.announced().await, ["order.paid"]);

    let request = start(&paid.number, "key-1", "card").bearer(&paid.token);
    assert_answer!("paid_already", function.send(request).await);
    for order in [&rider, &late] {
        let request = start(&order.number, "key-1", "card").bearer(&order.token);
        let refused = function.send(request).await;
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (409, json!("not_payable"))
        );
    }
    assert_eq!(stage.count("SELECT 1 FROM idempotency_keys").await, 0);
}

#[tokio::test]
async fn an_underpaid_order_is_asked_for_the_rest() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage.pay(order.page(), "underpaid").await;
    let reference = &order.attempt.as_ref().unwrap().reference;
    checkout::settle_payment(&stage.resources, &stage.cause(), reference)
        .await
        .unwrap();
    let function = stage.spawn(START_PAYMENT);

    let request = start(&order.number, "key-1", "card").bearer(&order.token);
    let begun = function.send(request).await.json();

    assert_eq!(
        begun["amount"],
        json!({ "amount": 600_000, "currency": "NGN" })
    );
    assert_eq!(
        stage.announced().await,
        ["order.underpaid", "payment.requested"]
    );
}

#[tokio::test]
async fn what_is_not_yours_looks_like_what_is_not_there() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let (mine, other) = (
        stage.an_order(sandals).place().await,
        stage.an_order(sandals).place().await,
    );
    let function = stage.spawn(START_PAYMENT);
    let before = stage.fingerprints().await;

    let nobody = function.send(start(&mine.number, "key-1", "card")).await;
    assert_eq!(
        (nobody.status, nobody.json()["code"].clone()),
        (401, json!("unauthorized"))
    );
    let nowhere = start("MR-0000-0000", "key-1", "card").bearer(&mine.token);
    let nowhere = function.send(nowhere).await;
    assert_eq!(nowhere.status, 404);
    let first = if mine.token.starts_with('A') {
        'B'
    } else {
        'A'
    };
    let tampered = format!("{first}{}", &mine.token[1..]);
    for token in ["x", &other.token, &tampered] {
        let request = start(&mine.number, "key-1", "card").bearer(token);
        let refused = function.send(request).await;
        assert_eq!(answer(&refused), answer(&nowhere), "{token}");
    }
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn while_the_provider_is_away_the_attempt_stands_and_its_link_is_mailed_later() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    stage
        .control(json!({ "target": "paystack.initialize", "action": "html" }))
        .await;
    let function = stage.spawn(START_PAYMENT);

    let request = start(&order.number, "key-1", "card").bearer(&order.token);
    let begun = function.send(request).await;
    assert_eq!(begun.status, 201);
    let body = begun.json();
    assert_eq!(
        (&body["status"], &body["authorization_url"]),
        (&json!("pending"), &Value::Null)
    );

    stage
        .execute("UPDATE payments SET initialising_until = NULL")
        .await;
    let process = stage.spawn(PROCESS_PAYMENT);
    assert_eq!(stage.deliver(&process, QUEUE).await, Report::done(1));
    let told = stage.rows("SELECT kind FROM notifications").await;
    assert_eq!(
        told,
        [json!({ "kind": "pay_now" }), json!({ "kind": "pay_now" })]
    );
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "payment.check",
            "payment.check"
        ]
    );
}
