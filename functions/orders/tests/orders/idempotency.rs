//! `POST /api/orders`, sent more than once.

use std::time::Duration;

use runtime_api::Functions;
use serde_json::json;
use stage::{Stage, assert_answer};

use crate::PLACE_ORDER;
use crate::requests::{a_wish, place, unkeyed, with};

#[tokio::test]
async fn the_same_request_under_the_same_key_has_the_same_answer_byte_for_byte() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let wish = a_wish(sandals);
    let first = stage.spawn(PLACE_ORDER).send(place("key-1", &wish)).await;
    assert_eq!(first.status, 201, "{}", first.text());

    // Another instance, and a client that writes its JSON otherwise.
    let function = stage.spawn(PLACE_ORDER);
    let pretty = serde_json::to_string_pretty(&wish).unwrap();
    let rewritten = unkeyed()
        .header("idempotency-key", "key-1")
        .header("content-type", "application/json; charset=utf-8")
        .body(pretty);
    for request in [place("key-1", &wish), rewritten] {
        let again = function.send(request).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("content-type"), Some("application/json"));
    }

    assert_eq!(stage.count("SELECT 1 FROM orders").await, 1);
    assert_eq!(stage.counters(sandals).await, (10, 2));
    let token = first.json()["access_token"].as_str().unwrap().to_owned();
    let stored = stage.row("SELECT body FROM idempotency_keys").await;
    let stored = stored["body"].as_str().unwrap();
    assert!(stored.contains("authorization_url") && !stored.contains("access_token"));
    assert!(!stored.contains(&token), "a stored answer holds no secret");
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    function.send(place("key-1", &a_wish(sandals))).await;

    let other = with(a_wish(sandals), "/items/0/quantity", json!(3));
    let answer = function.send(place("key-1", &other)).await;

    assert_answer!("key_reused", answer);
    assert_eq!(stage.count("SELECT 1 FROM orders").await, 1);
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn another_customer_may_use_the_same_key() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);
    let ada = function.send(place("key-1", &a_wish(sandals))).await;
    let wish = with(
        a_wish(sandals),
        "/customer/email",
        json!("bola@example.com"),
    );
    let bola = function.send(place("key-1", &wish)).await;

    assert_eq!((ada.status, bola.status), (201, 201));
    assert_ne!(
        ada.json()["order"]["number"],
        bola.json()["order"]["number"]
    );
    assert_eq!(
        stage.announced().await,
        [
            "order.placed",
            "order.placed",
            "stock.changed",
            "stock.changed"
        ]
    );
}

#[tokio::test]
async fn of_simultaneous_copies_one_makes_the_order_and_the_others_its_answer_or_are_told_to_wait()
{
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    // The provider takes a moment, so that the copies meet the first one still at work.
    stage
        .control(json!({ "target": "paystack.initialize", "action": "delay", "ms": 700 }))
        .await;
    let functions = Functions::spawn(4, PLACE_ORDER, &stage.settings(PLACE_ORDER));
    let wish = a_wish(sandals);
    let send = || functions.send(place("key-1", &wish));
    let answers = tokio::join!(send(), send(), send(), send());
    let answers = [answers.0, answers.1, answers.2, answers.3];

    let placed: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .collect();
    assert!(!placed.is_empty(), "{answers:?}");
    for answer in &answers {
        if answer.status == 201 {
            assert_eq!(answer.body, placed[0].body);
        } else {
            assert_eq!(
                (answer.status, answer.json()["code"].clone()),
                (409, json!("request_in_flight"))
            );
        }
    }
    assert_eq!(stage.count("SELECT 1 FROM orders").await, 1);
    assert_eq!(stage.count("SELECT 1 FROM payments").await, 1);
    assert_eq!(stage.counters(sandals).await, (10, 2));
    let later = functions.send(place("key-1", &wish)).await;
    assert_eq!(later.body, placed[0].body);
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn a_request_whose_function_dies_after_the_commit_is_brought_to_its_end_by_its_repeat() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    stage
        .control(json!({ "target": "paystack.initialize", "action": "hang" }))
        .await;
    let wish = a_wish(sandals);
    let dying = stage.spawn(PLACE_ORDER);
    let (ended, ()) = tokio::join!(
        async { dying.invoke(&place("key-1", &wish).event()).await },
        async {
            stage.wait_for("SELECT 1 FROM orders").await;
            // The commit is done; now it waits for the provider.
            tokio::time::sleep(Duration::from_millis(200)).await;
            dying.kill();
        }
    );
    assert_eq!(ended.unwrap_err().error_type, "Runtime.ExitError");

    let function = stage.spawn(PLACE_ORDER);
    let too_soon = function.send(place("key-1", &wish)).await;
    assert_answer!("in_flight", too_soon);

    stage
        .execute("UPDATE payments SET initialising_until = now() - interval '1 second'")
        .await;
    let repeated = function.send(place("key-1", &wish)).await;
    assert_eq!(repeated.status, 201, "{}", repeated.text());
    let body = repeated.json();
    assert!(body["payment"]["authorization_url"].is_string(), "{body}");
    let number = stage.row("SELECT number FROM orders").await["number"].clone();
    assert_eq!(body["order"]["number"], number);
    assert_eq!(stage.counters(sandals).await, (10, 2));
    let again = function.send(place("key-1", &wish)).await;
    assert_eq!(again.body, repeated.body);
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn a_request_that_was_refused_may_be_sent_again_under_its_key() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 1).await;
    let function = stage.spawn(PLACE_ORDER);
    let refused = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(refused.status, 409, "{}", refused.text());

    stage
        .execute(
            "UPDATE stock_levels SET on_hand = 5;
             INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, actor)
             SELECT variant_id, location_id, 'received', 4, 'test' FROM stock_levels",
        )
        .await;
    let placed = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}
