//! `POST /api/admin/stock/adjustments`.

use domain::VariantId;
use serde_json::{Value, json};

use crate::ADMIN_ADJUST_STOCK;
use crate::counter::{Counter, adjust, adjustment, code, faults};

#[tokio::test]
async fn goods_that_came_in_are_on_the_shelf_with_their_movement_and_the_reason() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(500_000, 3).await;
    let (shelf, function) = (counter.shelf().await, counter.spawn(ADMIN_ADJUST_STOCK));
    let body = adjustment("receive", &[(sandals, &shelf, 50)]);
    let answer = counter.ask(&function, adjust(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    assert_eq!(made["lines"][0]["on_hand"], 53);
    assert_eq!(made["lines"][0]["change"], 50);
    assert_eq!(
        (&made["kind"], &made["reason"]),
        (&json!("receive"), &json!("Delivery note 4711"))
    );
    let movement = counter
        .stage
        .row("SELECT kind, on_hand, actor, reason, adjustment_id FROM stock_movements WHERE actor <> 'test'")
        .await;
    let expected = json!({ "kind": "received", "on_hand": 50, "actor": "ada",
                           "reason": "Delivery note 4711", "adjustment_id": made["id"] });
    assert_eq!(movement, expected);
    let audit = counter
        .stage
        .row("SELECT actor, action, entity_id FROM audit_log")
        .await;
    let expected = json!({ "actor": "ada", "action": "stock.adjusted", "entity_id": made["id"] });
    assert_eq!(audit, expected);
    assert_eq!(counter.stage.announced().await, ["stock.changed"]);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_counts_once_and_is_answered_byte_for_byte() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(500_000, 3).await;
    let (shelf, function) = (counter.shelf().await, counter.spawn(ADMIN_ADJUST_STOCK));
    let other = counter.spawn(ADMIN_ADJUST_STOCK);
    let body = adjustment("receive", &[(sandals, &shelf, 50)]);
    let keyed = |body: &Value| adjust(body).header("idempotency-key", "note-4711");
    let (one, two) = tokio::join!(
        counter.ask(&function, keyed(&body)),
        counter.ask(&other, keyed(&body))
    );
    let again = counter.ask(&function, keyed(&body)).await;
    assert_eq!((one.status, two.status, again.status), (201, 201, 201));
    assert_eq!((&one.body, &two.body), (&again.body, &again.body));
    assert_eq!(counter.stage.counters(sandals).await, (53, 0));

    let reused = adjustment("receive", &[(sandals, &shelf, 51)]);
    let refused = counter.ask(&function, keyed(&reused)).await;
    assert_eq!(code(&refused), (422, json!("idempotency_key_reused")));
    let bad = adjust(&body).header("idempotency-key", "two words");
    assert_eq!(counter.ask(&function, bad).await.status, 400);
    let without = counter.ask(&function, adjust(&body)).await;
    assert_eq!(without.status, 201);
    assert_eq!(counter.stage.counters(sandals).await, (103, 0));
    assert_eq!(counter.stage.announced().await, ["stock.changed"; 2]);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(500_000, 3).await;
    let (shelf, function) = (counter.shelf().await, counter.spawn(ADMIN_ADJUST_STOCK));
    let body = adjustment("write_off", &[(sandals, &shelf, 4)]);
    let keyed = || adjust(&body).header("idempotency-key", "broken-1");
    assert_eq!(counter.ask(&function, keyed()).await.status, 409);
    let received = adjustment("receive", &[(sandals, &shelf, 1)]);
    assert_eq!(counter.ask(&function, adjust(&received)).await.status, 201);
    assert_eq!(counter.ask(&function, keyed()).await.status, 201);
    assert_eq!(counter.stage.counters(sandals).await, (0, 0));
    counter.stage.announced().await;
}

#[tokio::test]
async fn all_lines_or_none_and_each_line_that_takes_too_much_is_named() {
    let counter = Counter::open().await;
    let stage = &counter.stage;
    let (sandals, boots) = (
        stage.a_product(1_000, 10).await,
        stage.a_product(1_000, 2).await,
    );
    stage.an_order(sandals).quantity(4).place().await;
    let (shelf, function) = (counter.shelf().await, counter.spawn(ADMIN_ADJUST_STOCK));
    let before = stage.fingerprints().await;
    let lines = [(boots, shelf.as_str(), 1), (sandals, &shelf, 7)];
    let refused = counter
        .ask(&function, adjust(&adjustment("write_off", &lines)))
        .await;
    assert_eq!(code(&refused), (409, json!("below_reserved")));
    let named = [("/lines/1/quantity".to_owned(), "below_reserved".to_owned())];
    assert_eq!(faults(&refused), named);
    let lines = [(boots, shelf.as_str(), -3), (sandals, &shelf, -11)];
    let refused = counter
        .ask(&function, adjust(&adjustment("correct", &lines)))
        .await;
    assert_eq!(code(&refused), (409, json!("below_zero")));
    assert_eq!(faults(&refused).len(), 2);
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn what_nobody_knows_is_named_and_nothing_is_written() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await;
    let shelf = counter.shelf().await;
    let closed = counter.location("Closed", 1, false).await;
    let function = counter.spawn(ADMIN_ADJUST_STOCK);
    let before = counter.stage.fingerprints().await;
    let nobodys = "0190f5fe-7c00-7a00-8000-000000000001";
    let stranger: VariantId = nobodys.parse().unwrap();
    for (line, status, fault) in [
        (
            (stranger, shelf.as_str(), 1),
            422,
            ("/lines/0/variant_id", "unknown_variant"),
        ),
        (
            (sandals, nobodys, 1),
            422,
            ("/lines/0/location_id", "unknown_location"),
        ),
        (
            (sandals, &closed, 1),
            409,
            ("/lines/0/location_id", "location_inactive"),
        ),
    ] {
        let refused = counter
            .ask(&function, adjust(&adjustment("receive", &[line])))
            .await;
        assert_eq!(refused.status, status, "{}", refused.text());
        assert_eq!(faults(&refused), [(fault.0.to_owned(), fault.1.to_owned())]);
    }
    assert_eq!(counter.stage.fingerprints().await, before);
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once_and_no_number_is_too_odd() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await;
    let (shelf, function) = (counter.shelf().await, counter.spawn(ADMIN_ADJUST_STOCK));
    let before = counter.stage.fingerprints().await;
    let odd = json!({
        "kind": "steal", "reason": " ", "by": "chidi",
        "lines": [
            { "variant_id": "x", "location_id": shelf, "quantity": 0, "sku": "A" },
            { "variant_id": sandals, "location_id": shelf, "quantity": 1 },
            { "variant_id": sandals, "location_id": shelf, "quantity": 1 },
        ],
    });
    let refused = counter.ask(&function, adjust(&odd)).await;
    assert_eq!(refused.status, 422);
    let mut told = faults(&refused);
    told.sort_unstable();
    let expected = [
        ("/by", "unknown_field"),
        ("/kind", "unknown_word"),
        ("/lines/0/quantity", "invalid_quantity"),
        ("/lines/0/sku", "unknown_field"),
        ("/lines/0/variant_id", "invalid_id"),
        ("/lines/2/variant_id", "repeated_line"),
        ("/reason", "invalid_reason"),
    ];
    let expected = expected.map(|(at, code)| (at.to_owned(), code.to_owned()));
    assert_eq!(told, expected);

    let line = |quantity: Value| json!([{ "variant_id": sandals, "location_id": shelf, "quantity": quantity }]);
    let over: Value =
        serde_json::from_str("[9223372036854775807, 1e40, -1, 0, 1000001, 1.5, \"5\"]").unwrap();
    for kind in ["receive", "write_off"] {
        for quantity in over.as_array().unwrap() {
            let body = json!({ "kind": kind, "reason": "r", "lines": line(quantity.clone()) });
            let refused = counter.ask(&function, adjust(&body)).await;
            assert_eq!(refused.status, 422, "{kind} {quantity}");
        }
    }
    for lines in [
        json!([]),
        json!({}),
        json!([7]),
        Value::Array(vec![json!({}); 101]),
    ] {
        let body = json!({ "kind": "receive", "reason": "r", "lines": lines });
        assert_eq!(
            counter.ask(&function, adjust(&body)).await.status,
            422,
            "{lines}"
        );
    }
    assert_eq!(counter.stage.fingerprints().await, before);
}

#[tokio::test]
async fn without_a_database_nothing_is_counted_and_the_function_recovers() {
    let counter = Counter::open().await;
    let sandals = counter.stage.a_product(1_000, 10).await;
    let shelf = counter.shelf().await;
    let gate = counter.stage.gate();
    let function = counter.stage.spawn_behind(&gate, ADMIN_ADJUST_STOCK);
    let body = adjustment("receive", &[(sandals, &shelf, 5)]);
    gate.refuse();
    let refused = counter.ask(&function, adjust(&body)).await;
    assert_eq!(code(&refused), (503, json!("unavailable")));
    gate.open();
    assert_eq!(counter.ask(&function, adjust(&body)).await.status, 201);
    assert_eq!(counter.stage.counters(sandals).await, (15, 0));
    assert_eq!(counter.stage.announced().await, ["stock.changed"]);
}
