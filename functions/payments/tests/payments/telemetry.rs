//! What the functions count.

use runtime_api::{Function, Metrics};
use serde_json::json;
use stage::{Report, Stage};

use crate::requests::{charge_success, unsigned};
use crate::{NEVER_GIVEN_OUT, PROCESS_PAYMENT, QUEUE, WEBHOOK};

fn counting(stage: &Stage, binary: &str) -> Function {
    Function::spawn(binary, &stage.settings_with(binary, &[("METRICS", "emf")]))
}

fn sum(metrics: &Metrics, name: &str) -> f64 {
    metrics.get(name).map_or(0.0, |values| values.iter().sum())
}

#[tokio::test]
async fn what_became_of_an_attempt_is_counted_once_however_often_it_is_settled() {
    let cases = [
        ("success", "paid", 1.0),
        ("overpaid", "overpaid", 1.0),
        ("underpaid", "underpaid", 0.0),
        ("wrong_currency", "unmatched", 0.0),
    ];
    for (payment, outcome, paid) in cases {
        let stage = Stage::set().await;
        let product = stage.a_product(500_000, 10).await;
        let order = stage.an_order(product).place().await;
        stage.pay(order.page(), payment).await;
        let process = counting(&stage, PROCESS_PAYMENT);
        let check = || stage.a_message("payment.check", json!({ "reference": order.reference() }));

        // Three checks at once and one after: the order's lock decides who acts.
        let report = stage
            .hand(&process, QUEUE, &[check(), check(), check()])
            .await;
        assert_eq!(report, Report::done(3));
        assert_eq!(
            stage.hand(&process, QUEUE, &[check()]).await,
            Report::done(1)
        );

        let name = format!("settlements{{outcome={outcome}}}");
        let metrics = process
            .metrics_until(|metrics| metrics.contains_key(&name))
            .await;
        assert_eq!(
            (sum(&metrics, &name), sum(&metrics, "orders_paid")),
            (1.0, paid),
            "{payment}"
        );
        let others = metrics.keys().filter(|key| key.starts_with("settlements"));
        assert_eq!(others.count(), 1, "{metrics:?}");
        stage.announced().await;
    }
}

#[tokio::test]
async fn a_webhook_that_nobody_has_signed_is_counted() {
    let stage = Stage::set().await;
    let function = counting(&stage, WEBHOOK);
    let body = charge_success(NEVER_GIVEN_OUT, 100).to_string();

    assert_eq!(function.send(unsigned(body.as_bytes())).await.status, 401);

    let counted = |metrics: &Metrics| metrics.contains_key("webhooks_refused");
    let metrics = function.metrics_until(counted).await;
    assert_eq!(metrics["webhooks_refused"], [1.0]);
}
