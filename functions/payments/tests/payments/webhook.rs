//! `POST /api/webhooks/paystack`.

use runtime_api::Function;
use sandbox::paystack_signature;
use serde_json::json;
use stage::{PAYSTACK_KEY, Stage, assert_answer};

use crate::requests::{charge_success, signed, unsigned, webhook};
use crate::{NEVER_GIVEN_OUT, WEBHOOK};

fn a_body() -> Vec<u8> {
    charge_success(NEVER_GIVEN_OUT, 1_200_000)
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn a_signed_fact_is_kept_sealed_and_announced() {
    let stage = Stage::set().await;
    let function = stage.spawn(WEBHOOK);

    let answer = function
        .send(signed(&charge_success(NEVER_GIVEN_OUT, 1_200_000)))
        .await;

    assert_answer!("kept", answer);
    let kept = stage
        .row("SELECT id, provider, event, times, encode(body, 'escape') AS body FROM webhook_inbox")
        .await;
    assert_eq!(
        (&kept["provider"], &kept["event"], &kept["times"]),
        (&json!("paystack"), &json!("charge.success"), &json!(1))
    );
    let at_rest = kept["body"].as_str().unwrap();
    for plain in ["ada@example.com", NEVER_GIVEN_OUT, "1200000", "charge"] {
        assert!(!at_rest.contains(plain), "{plain} is readable at rest");
    }
    let announced = stage.row("SELECT type, payload FROM outbox").await;
    let expected = json!({ "type": "paystack.event", "payload": { "webhook_id": kept["id"] } });
    assert_eq!(announced, expected);
    let logs = function.logs().join("\n");
    assert!(!logs.contains("ada@example.com"), "{logs}");
    assert_eq!(stage.announced().await, ["paystack.event"]);
}

#[tokio::test]
async fn the_same_fact_told_again_is_counted_and_announced_once() {
    let stage = Stage::set().await;
    let functions = runtime_api::Functions::spawn(3, WEBHOOK, &stage.settings(WEBHOOK));
    let event = charge_success(NEVER_GIVEN_OUT, 1_200_000);
    let send = || functions.send(signed(&event));

    let simultaneous = tokio::join!(send(), send(), send());
    for answer in [
        simultaneous.0,
        simultaneous.1,
        simultaneous.2,
        send().await,
        send().await,
    ] {
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    }

    assert_eq!(
        stage.row("SELECT times FROM webhook_inbox").await,
        json!({ "times": 5 })
    );
    assert_eq!(stage.announced().await, ["paystack.event"]);
}

#[tokio::test]
async fn facts_that_differ_are_different_facts() {
    let stage = Stage::set().await;
    let function = stage.spawn(WEBHOOK);
    let refund = |status: &str| {
        json!({ "event": format!("refund.{status}"),
            "data": { "status": status, "transaction_reference": NEVER_GIVEN_OUT, "amount": "100" } })
    };
    for event in [
        charge_success(NEVER_GIVEN_OUT, 1),
        refund("pending"),
        refund("processed"),
        json!({ "event": "subscription.not_renew", "data": { "id": 1 } }),
        json!({ "event": "of.tomorrow" }),
        json!({ "event": "of.tomorrow", "data": [1, 2] }),
    ] {
        assert_eq!(function.send(signed(&event)).await.status, 200, "{event}");
    }
    assert_eq!(stage.count("SELECT 1 FROM webhook_inbox").await, 6);
    assert_eq!(stage.announced().await, ["paystack.event"; 6]);
}

async fn assert_turned_away(function: &Function, body: &[u8], signature: &str) {
    let answer = function.send(webhook(body, signature)).await;
    assert_eq!(answer.status, 401, "{signature}");
    assert_eq!(answer.json()["code"], "bad_signature");
}

#[tokio::test]
async fn what_the_provider_has_not_signed_is_turned_away_and_not_kept() {
    let stage = Stage::set().await;
    let function = stage.spawn(WEBHOOK);
    let before = stage.fingerprints().await;
    let body = a_body();
    let signature = paystack_signature(PAYSTACK_KEY, &body);

    assert_answer!("unsigned", function.send(unsigned(&body)).await);
    for place in (0..body.len()).step_by(17) {
        let mut flipped = body.clone();
        flipped[place] ^= 1;
        assert_turned_away(&function, &flipped, &signature).await;
    }
    for place in (0..signature.len()).step_by(9) {
        let mut flipped = signature.clone().into_bytes();
        flipped[place] = if flipped[place] == b'0' { b'1' } else { b'0' };
        assert_turned_away(&function, &body, std::str::from_utf8(&flipped).unwrap()).await;
    }
    let other_key = paystack_signature("sk_test_of_somebody_else", &body);
    let sha_256_long = &signature[..64];
    let doubled = format!("{signature}{signature}");
    let twice = format!("{signature},{signature}");
    for wrong in [
        "",
        "0",
        "not hex",
        &other_key,
        sha_256_long,
        &doubled,
        &twice,
    ] {
        assert_turned_away(&function, &body, wrong).await;
    }
    assert_turned_away(&function, &body[..body.len() - 1], &signature).await;
    assert_turned_away(&function, b"", &signature).await;
    let rewritten = serde_json::to_vec_pretty(&charge_success(NEVER_GIVEN_OUT, 1_200_000)).unwrap();
    assert_turned_away(&function, &rewritten, &signature).await;
    let padded = [body.as_slice(), b"\n"].concat();
    assert_turned_away(&function, &padded, &signature).await;
    assert_eq!(stage.fingerprints().await, before);

    // Hexadecimal names the same bytes in either case, and the event source may encode the body.
    let upper = signature.to_uppercase();
    assert_eq!(function.send(webhook(&body, &upper)).await.status, 200);
    let binary = runtime_api::Request::post("/api/webhooks/paystack")
        .header("content-type", "application/octet-stream")
        .header("x-paystack-signature", &signature)
        .body(body);
    assert_eq!(function.send(binary).await.status, 200);
    assert_eq!(stage.announced().await, ["paystack.event"]);
}

#[tokio::test]
async fn what_is_signed_but_is_no_event_is_refused_and_not_kept() {
    let stage = Stage::set().await;
    let function = stage.spawn(WEBHOOK);
    let before = stage.fingerprints().await;
    for body in ["", "{}", "[]", "null", "not JSON", r#"{"event": 1}"#] {
        let signature = paystack_signature(PAYSTACK_KEY, body.as_bytes());
        let answer = function.send(webhook(body.as_bytes(), &signature)).await;
        let told = (answer.status, answer.json()["code"].clone());
        assert_eq!(told, (400, json!("malformed_event")), "{body}");
    }
    let large = json!({ "event": "charge.success", "data": { "log": "x".repeat(300_000) } });
    assert_eq!(function.send(signed(&large)).await.status, 413);
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn while_keys_are_rotated_both_sign() {
    let stage = Stage::set().await;
    let settings = stage.settings_with(
        WEBHOOK,
        &[
            ("PAYSTACK_SECRET_KEY", "sk_test_new"),
            ("PAYSTACK_PREVIOUS_SECRET_KEY", "sk_test_old"),
        ],
    );
    let function = Function::spawn(WEBHOOK, &settings);
    let body = a_body();
    for (key, status) in [
        ("sk_test_new", 200),
        ("sk_test_old", 200),
        ("sk_test_older", 401),
    ] {
        let answer = function
            .send(webhook(&body, &paystack_signature(key, &body)))
            .await;
        assert_eq!(answer.status, status, "{key}");
    }
    assert_eq!(
        stage.row("SELECT times FROM webhook_inbox").await,
        json!({ "times": 2 })
    );
    assert_eq!(stage.announced().await, ["paystack.event"]);
}
