//! `POST /api/orders` while Paystack misbehaves: the order stands, and `process-order` opens its
//! payment and mails the link.

use domain::OrderId;
use runtime_api::Response;
use serde_json::{Value, json};
use stage::{Report, Stage};

use crate::requests::{a_wish, place};
use crate::{PLACE_ORDER, PROCESS_ORDER};

async fn place_while(rule: Value) -> (Stage, Response) {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    stage.control(rule).await;
    let function = stage.spawn(PLACE_ORDER);
    let answer = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let payment = answer.json()["payment"].clone();
    assert_eq!(payment["status"], "pending");
    assert_eq!(payment["authorization_url"], Value::Null);
    assert_eq!(answer.json()["order"]["payment_status"], "pending");
    assert_eq!(stage.counters(sandals).await, (10, 2));
    (stage, answer)
}

/// Time passes until whoever was telling the provider has given up.
async fn let_the_claim_run_out(stage: &Stage) {
    stage
        .execute("UPDATE payments SET initialising_until = now() - interval '1 second'")
        .await;
}

/// `process-order` opens the payment, and the messages with its link are requested.
async fn assert_opened_later(stage: &Stage) {
    let process = stage.spawn(PROCESS_ORDER);
    assert_eq!(
        stage.deliver(&process, "order_processing").await,
        Report::done(1)
    );
    let payment = stage
        .row("SELECT status, authorization_url IS NOT NULL AS page FROM payments")
        .await;
    assert_eq!(payment, json!({ "status": "open", "page": true }));
    let told = stage
        .rows("SELECT kind, channel FROM notifications ORDER BY channel")
        .await;
    let both = ["email", "sms"].map(|way| json!({ "kind": "pay_now", "channel": way }));
    assert_eq!(told, both);
    assert_eq!(
        stage.announced().await,
        [
            "notification.requested",
            "notification.requested",
            "payment.check",
            "payment.check",
            "stock.changed"
        ]
    );
}

#[tokio::test]
async fn a_provider_that_fails_does_not_lose_the_order() {
    let rule = json!({ "target": "paystack.initialize", "action": "refuse", "status": 500 });
    let (stage, _) = place_while(rule).await;
    let_the_claim_run_out(&stage).await;
    assert_opened_later(&stage).await;
}

#[tokio::test]
async fn a_provider_that_limits_us_does_not_lose_the_order_and_may_be_asked_again_at_once() {
    let rule =
        json!({ "target": "paystack.initialize", "action": "refuse", "status": 429, "times": 1 });
    let (stage, _) = place_while(rule).await;
    assert_opened_later(&stage).await;
}

#[tokio::test]
async fn a_provider_that_answers_html_does_not_lose_the_order() {
    let rule = json!({ "target": "paystack.initialize", "action": "html" });
    let (stage, _) = place_while(rule).await;
    let_the_claim_run_out(&stage).await;
    assert_opened_later(&stage).await;
}

#[tokio::test]
async fn a_provider_that_hangs_up_does_not_lose_the_order() {
    let rule = json!({ "target": "paystack.initialize", "action": "drop" });
    let (stage, _) = place_while(rule).await;
    let_the_claim_run_out(&stage).await;
    assert_opened_later(&stage).await;
}

#[tokio::test]
async fn while_a_hanging_provider_is_waited_for_process_order_comes_again_later() {
    let rule = json!({ "target": "paystack.initialize", "action": "hang" });
    let (stage, _) = place_while(rule).await;
    let process = stage.spawn(PROCESS_ORDER);
    let put_off = Report {
        rescheduled: 1,
        ..Report::default()
    };
    assert_eq!(stage.deliver(&process, "order_processing").await, put_off);
    let waiting = stage
        .row("SELECT type, attempt FROM outbox WHERE type <> 'stock.changed'")
        .await;
    assert_eq!(waiting, json!({ "type": "order.placed", "attempt": 2 }));

    let_the_claim_run_out(&stage).await;
    stage.let_messages_come_due().await;
    assert_opened_later(&stage).await;
}

/// The provider took the first call and its answer was lost: it says `duplicate_reference` to the
/// second. The page's address is lost with the answer, so a new attempt takes over; the old one stays
/// watched, for somebody may hold its page.
#[tokio::test]
async fn a_reference_that_the_provider_knows_already_is_replaced_and_stays_watched() {
    let rule = json!({ "target": "paystack.initialize", "action": "timeout_after_commit" });
    let (stage, answer) = place_while(rule).await;
    let_the_claim_run_out(&stage).await;

    let process = stage.spawn(PROCESS_ORDER);
    assert_eq!(
        stage.deliver(&process, "order_processing").await,
        Report::done(1)
    );
    let attempts = stage
        .rows("SELECT reference, status FROM payments ORDER BY created_at")
        .await;
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        attempts[0]["reference"],
        answer.json()["payment"]["reference"]
    );
    assert_eq!(
        (&attempts[0]["status"], &attempts[1]["status"]),
        (&json!("open"), &json!("created"))
    );
    // The replacement announces itself to process-payment, which opens it and mails its link.
    assert_eq!(
        stage.announced().await,
        [
            "payment.check",
            "payment.check",
            "payment.requested",
            "stock.changed"
        ]
    );
}

#[tokio::test]
async fn an_order_placed_under_a_known_reference_is_answered_with_its_replacement() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let known = json!({ "status": false, "message": "Duplicate Transaction Reference",
        "code": "duplicate_reference" });
    stage
        .control(json!({ "target": "paystack.initialize", "action": "refuse", "status": 400, "body": known }))
        .await;
    let function = stage.spawn(PLACE_ORDER);
    let answer = function.send(place("key-1", &a_wish(sandals))).await;

    assert_eq!(answer.status, 201, "{}", answer.text());
    let payment = answer.json()["payment"].clone();
    assert_eq!(
        (&payment["status"], &payment["authorization_url"]),
        (&json!("pending"), &Value::Null)
    );
    let newest = stage
        .row("SELECT reference FROM payments WHERE status = 'created'")
        .await;
    assert_eq!(payment["reference"], newest["reference"]);
    assert_eq!(
        stage.announced().await,
        ["order.placed", "payment.requested", "stock.changed"]
    );
}

#[tokio::test]
async fn an_order_that_was_paid_before_initialize_answered_is_found_by_its_check() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    stage
        .control(json!({ "target": "paystack.initialize", "action": "before_answer" }))
        .await;
    let function = stage.spawn(PLACE_ORDER);
    let answer = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());

    let order: OrderId = stage.row("SELECT id FROM orders").await["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let attempt = stage.latest_attempt(order).await.unwrap();
    assert_eq!(
        stage.ledger().await["captured"],
        json!([[attempt.reference, 1_200_000, "NGN"]])
    );
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}
