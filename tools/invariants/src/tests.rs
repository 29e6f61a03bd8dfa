//! Each rule must catch the bug it is there for: seeded here straight into the database.

use database::testing::TestDatabase;
use sqlx::{Executor, PgConnection};

use crate::{Ledger, LedgerCapture, Report, check, check_at_rest, check_canaries};

const ORDER: &str = "00000000-0000-7000-8000-000000000001";

/// A paid order of one line, with everything that a paid order has.
async fn a_paid_order(connection: &mut PgConnection) {
    let variant = stock::testing::a_product(connection, 1_000, 10)
        .await
        .uuid();
    let statements = format!(
        "INSERT INTO orders (id, number, payment_status, channel, currency, subtotal, delivery, tax,
             vat_basis_points, total, customer, delivery_address, delivery_state, email_index,
             phone_index, placed_at, expires_at)
         VALUES ('{ORDER}', 'MR-0000-0001', 'paid', 'card', 'NGN', 2000, 0, 139, 750, 2000, '', '',
             'Lagos', '', '', now(), now() + interval '1 hour');
         INSERT INTO order_lines (id, order_id, position, variant_id, product_name, sku, options,
             unit_price, quantity, total)
         VALUES (gen_random_uuid(), '{ORDER}', 0, '{variant}', 'Sandals', 'S', '{{}}', 1000, 2, 2000);
         INSERT INTO order_events (order_id, kind, detail, actor, at) VALUES
             ('{ORDER}', 'placed', '{{}}', 'test', now()),
             ('{ORDER}', 'paid', '{{\"payment_status\": [\"pending\", \"paid\"]}}', 'test', now());
         INSERT INTO payments (id, order_id, reference, channel, status, amount, currency,
             captured_amount, received_amount, provider_transaction_id, created_at, expires_at)
         VALUES (gen_random_uuid(), '{ORDER}', 'mr-1', 'card', 'paid', 2000, 'NGN', 2000, 2000, 1,
             now(), now());
         UPDATE stock_levels SET reserved = 2;
         INSERT INTO stock_movements (variant_id, location_id, kind, reserved, order_id, actor)
             SELECT variant_id, location_id, 'reserved', 2, '{ORDER}', 'test' FROM stock_levels;
         INSERT INTO stock_reservations (order_id, variant_id, location_id, quantity, status)
             SELECT '{ORDER}', variant_id, location_id, 2, 'committed' FROM stock_levels;
         INSERT INTO notifications (id, kind, channel, dedupe_key, order_id, recipient, data, status, created_at)
             SELECT gen_random_uuid(), 'receipt', c, c, '{ORDER}', '', '', 'sent', now()
             FROM (VALUES ('email'), ('sms')) AS channels (c);"
    );
    connection
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statements)))
        .await
        .unwrap();
}

fn ledger(amount: i64) -> Ledger {
    let capture = LedgerCapture {
        reference: "mr-1".into(),
        amount,
        currency: "NGN".into(),
    };
    Ledger {
        captured: vec![capture],
        refunded: Vec::new(),
    }
}

fn broken(report: &Report) -> Vec<&'static str> {
    let broken = report
        .rules
        .iter()
        .filter(|rule| !rule.violations.is_empty());
    broken.map(|rule| rule.statement).collect()
}

#[tokio::test]
async fn a_sound_shop_holds_and_every_rule_looked_at_something() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    a_paid_order(&mut connection).await;
    let report = check_at_rest(&mut connection, Some(&ledger(2_000)), 0)
        .await
        .unwrap();
    report.assert_holds();
    for rule in report.rules.iter().filter(|rule| rule.invariant == "I1") {
        assert!(rule.checked > 0, "{}", rule.statement);
    }
}

#[tokio::test]
async fn every_seeded_bug_is_caught() {
    let bugs = [
        ("the sum of movements", "UPDATE stock_levels SET on_hand = 11"),
        ("the reservations in force", "UPDATE stock_reservations SET quantity = 1"),
        ("an order's promises", "UPDATE stock_reservations SET status = 'held'"),
        ("an order's promises", "UPDATE orders SET status = 'expired'"),
        ("an order's payment status", "UPDATE payments SET received_amount = 1999"),
        ("money an order cannot keep", "UPDATE payments SET status = 'returning'"),
        ("status histories", "UPDATE orders SET payment_status = 'overpaid'"),
        ("every order adds up", "DELETE FROM order_lines"),
        ("each idempotency key", "INSERT INTO idempotency_keys (scope, key, request_hash, resource_id, created_at)
            VALUES ('s', 'k', '', gen_random_uuid(), now())"),
        ("every paid order's customer", "DELETE FROM notifications WHERE channel = 'sms'"),
        ("every message to a person", "UPDATE notifications SET status = 'sending'"),
        ("everything announced", "INSERT INTO outbox (message_id, type, version, payload, correlation_id, occurred_at, available_at)
            VALUES (gen_random_uuid(), 'order.paid', 1, '{}', 'r', now(), now() - interval '1 minute')"),
        ("dead messages", "INSERT INTO dead_messages (id, queue, attempt, body, error, parked_at)
            VALUES (gen_random_uuid(), 'q', 1, '', 'poison', now())"),
        ("every replayed message", "INSERT INTO dead_messages
                (id, queue, message_id, attempt, body, error, parked_at, resolution, resolved_at, resolved_by)
            VALUES (gen_random_uuid(), 'order_processing', gen_random_uuid(), 1, '', 'poison', now(), 'replayed', now(), 'ada')"),
        ("every captured reference", "UPDATE payments SET captured_amount = 2001"),
        ("nobody waits", "INSERT INTO variant_stock (variant_id, announced) SELECT variant_id, 'in_stock' FROM stock_levels;
            INSERT INTO stock_alerts (id, variant_id, email, email_index, created_at)
            SELECT gen_random_uuid(), variant_id, '', '', now() FROM stock_levels"),
        ("what was told of each variant", "INSERT INTO variant_stock (variant_id, announced)
            SELECT variant_id, 'out_of_stock' FROM stock_levels"),
    ];
    for (statement, bug) in bugs {
        let db = TestDatabase::create().await;
        let mut connection = db.connect().await;
        a_paid_order(&mut connection).await;
        connection.execute(bug).await.unwrap();
        let report = check_at_rest(&mut connection, Some(&ledger(2_000)), 0)
            .await
            .unwrap();
        let caught = broken(&report);
        assert!(
            caught.iter().any(|found| found.starts_with(statement)),
            "{bug}\n{report}"
        );
        db.take_announcements().await;
    }
}

#[tokio::test]
async fn money_that_the_provider_has_and_we_do_not_know_is_found() {
    let db = TestDatabase::create().await;
    let report = check(&mut db.connect().await, Some(&ledger(2_000)))
        .await
        .unwrap();
    assert_eq!(
        broken(&report),
        ["every captured reference is a paid order, refunded, or unmatched and seen"]
    );
}

#[tokio::test]
async fn planted_words_are_found_as_text_and_as_bytes() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    a_paid_order(&mut connection).await;
    let canaries = ["Canary Adaeze"];
    check_canaries(&mut connection, &canaries)
        .await
        .unwrap()
        .assert_holds();
    for bug in [
        "UPDATE orders SET delivery_state = 'Canary Adaeze'",
        "UPDATE orders SET delivery_state = 'Lagos', customer = 'Canary Adaeze'::bytea",
    ] {
        connection.execute(bug).await.unwrap();
        assert!(
            !check_canaries(&mut connection, &canaries)
                .await
                .unwrap()
                .holds(),
            "{bug}"
        );
    }
}
