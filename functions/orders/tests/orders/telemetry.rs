//! What the functions tell about themselves: logs, metrics, traces.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::VariantId;
use runtime_api::{CollectedSpan, Collector, Function, Message, Metrics, Temper};
use serde_json::{Value, json};
use stage::{Report, Stage};

use crate::requests::{a_wish, get, place};
use crate::{GET_ORDER, PLACE_ORDER, PROCESS_ORDER};

const QUEUE: &str = "order_processing";
/// The one warning of a collector that does not take spans.
const LOST: &str = "the collector of traces does not take spans; they are lost";

/// Starts a function with metrics on, and traces to `collector`.
fn told(stage: &Stage, binary: &str, collector: &Collector) -> Function {
    let url = collector.url();
    let more = [
        ("METRICS", "emf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
    ];
    Function::spawn(binary, &stage.settings_with(binary, &more))
}

async fn ordered(function: &Function, sandals: VariantId) -> Value {
    let answer = function.send(place("key-1", &a_wish(sandals))).await;
    assert_eq!(answer.status, 201, "{:#?}", function.logs());
    answer.json()
}

fn lines(function: &Function) -> Vec<Value> {
    let lines = function.logs();
    lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The first line of a message; what a function has printed is read a moment after its answer.
async fn line(function: &Function, message: &str) -> Value {
    for _ in 0..1_000 {
        let mut lines = lines(function).into_iter();
        if let Some(line) = lines.find(|line| line["message"] == message) {
            return line;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no line {message:?} in {:#?}", function.logs())
}

#[tokio::test]
async fn a_placed_order_is_counted_once_and_its_repeat_is_not() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = told(&stage, PLACE_ORDER, &Collector::start());

    ordered(&function, sandals).await;
    ordered(&function, sandals).await;

    let placed = |metrics: &Metrics| metrics.contains_key("orders_placed");
    let mut metrics = function.metrics_until(placed).await;
    let latency = metrics.remove("provider_latency_ms{provider=paystack}");
    assert_eq!(latency.map(|values| values.len()), Some(1));
    assert_eq!(
        metrics,
        BTreeMap::from([("orders_placed".to_owned(), vec![1.0])])
    );
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn an_order_that_is_refused_is_not_counted_and_a_provider_that_fails_is() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 3).await;
    let dead = ("PAYSTACK_BASE_URL", "http://127.0.0.1:1/paystack");
    let settings = stage.settings_with(PLACE_ORDER, &[("METRICS", "emf"), dead]);
    let function = Function::spawn(PLACE_ORDER, &settings);

    ordered(&function, sandals).await;
    let refused = function.send(place("key-2", &a_wish(sandals))).await;

    assert_eq!(refused.status, 409);
    let placed = |metrics: &Metrics| metrics.contains_key("orders_placed");
    let metrics = function.metrics_until(placed).await;
    assert_eq!(metrics["orders_placed"], [1.0]);
    assert_eq!(metrics["provider_errors{provider=paystack}"], [1.0]);
    assert_eq!(metrics["provider_latency_ms{provider=paystack}"].len(), 1);
    assert_eq!(stage.announced().await, ["order.placed", "stock.changed"]);
}

#[tokio::test]
async fn a_database_that_is_away_is_counted() {
    let stage = Stage::set().await;
    let gate = stage.gate();
    gate.refuse();
    let sandals = stage.a_product(500_000, 10).await;
    let url = stage.url_behind(&gate, PLACE_ORDER);
    let settings = [("METRICS", "emf"), ("DATABASE_URL", url.as_str())];
    let function = Function::spawn(PLACE_ORDER, &stage.settings_with(PLACE_ORDER, &settings));

    let answer = function.send(place("key-1", &a_wish(sandals))).await;

    assert_eq!(answer.status, 503);
    let counted = |metrics: &Metrics| metrics.contains_key("database_unavailable");
    assert_eq!(
        function.metrics_until(counted).await["database_unavailable"],
        [1.0]
    );
}

#[tokio::test]
async fn messages_tried_again_and_put_aside_are_counted_by_queue() {
    let stage = Stage::set().await;
    let function = told(&stage, PROCESS_ORDER, &Collector::start());
    let unknown = stage.a_message(
        "order.placed",
        json!({ "order_id": domain::OrderId::new() }),
    );
    let garbage = Message::event(&json!({ "not": "an envelope" }));
    let foreign = stage.a_message(
        "product.updated",
        json!({ "product_id": domain::ProductId::new() }),
    );
    let event = |message| Message::event(&serde_json::to_value(message).unwrap());

    let batch = [event(&unknown), garbage, event(&foreign)];
    let report = stage.hand_raw(&function, QUEUE, &batch).await;
    stage
        .hand_raw(&function, "somebody's own", &batch[1..2])
        .await;

    let all = |metrics: &Metrics| metrics.contains_key("messages_parked{queue=other}");
    let metrics = function.metrics_until(all).await;
    let count = |name: &str| metrics.get(name).map_or(0.0, |values| values.iter().sum());
    let parked = count("messages_parked{queue=order_processing}");
    let again = count("messages_rescheduled{queue=order_processing}");
    assert_eq!(
        (parked, again),
        (to_float(report.parked), to_float(report.rescheduled))
    );
    assert_eq!(report.parked + report.rescheduled, 3);
    assert_eq!(count("messages_parked{queue=other}"), 1.0);
    stage.let_messages_come_due().await;
    stage.announced().await;
}

fn to_float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

#[tokio::test]
async fn without_the_settings_nothing_is_told_but_the_log() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let function = stage.spawn(PLACE_ORDER);

    ordered(&function, sandals).await;

    line(&function, "answered").await;
    assert!(function.metrics().is_empty());
    let row = stage.row("SELECT DISTINCT trace_parent FROM outbox").await;
    assert_eq!(row, json!({ "trace_parent": null }));
    stage.announced().await;
}

#[tokio::test]
async fn lines_name_the_request_and_the_order_and_neither_lines_nor_spans_name_the_customer() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let collector = Collector::start();
    let place_order = told(&stage, PLACE_ORDER, &collector);
    let process_order = told(&stage, PROCESS_ORDER, &collector);

    let order = ordered(&place_order, sandals).await;
    let report = stage.deliver(&process_order, QUEUE).await;
    // One that cannot be worked says why, in the log and to staff.
    let strange = stage.a_message("order.placed", json!({ "order_id": "Ada Obi" }));
    stage.hand(&process_order, QUEUE, &[strange]).await;

    assert_eq!(report, Report::done(1));
    let (answered, number) = (
        line(&place_order, "answered").await,
        &order["order"]["number"],
    );
    let id = stage.row("SELECT id FROM orders").await["id"].clone();
    assert_eq!(
        (
            &answered["span"]["order_number"],
            &answered["span"]["order"]
        ),
        (number, &id)
    );
    let request_id = answered["span"]["request_id"].as_str().unwrap();
    assert_eq!(request_id, place_order_request_id(&stage).await);
    let parked = line(&process_order, "message parked").await;
    assert_eq!(parked["span"]["correlation_id"], "req-by-hand");

    let spans = format!("{:#?}", collector.spans());
    let logs = [place_order.logs(), process_order.logs()]
        .concat()
        .join("\n");
    assert!(spans.contains(request_id) && logs.contains(request_id));
    for private in [
        "Ada Obi",
        "ada@example.com",
        "8031234567",
        "12 Allen Avenue",
        "opposite the bank",
    ] {
        assert!(!spans.contains(private), "a span has {private}");
        assert!(!logs.contains(private), "the log has {private}");
    }
    assert!(!logs.contains(order["access_token"].as_str().unwrap()));
    stage.let_messages_come_due().await;
    stage.announced().await;
}

/// What the order's messages carry as the request that led to them.
async fn place_order_request_id(stage: &Stage) -> String {
    let row = stage
        .row("SELECT DISTINCT correlation_id FROM outbox")
        .await;
    row["correlation_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn from_the_request_to_the_message_and_what_that_announces_there_is_one_trace() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 10).await;
    let collector = Collector::start();
    let place_order = told(&stage, PLACE_ORDER, &collector);
    let process_order = told(&stage, PROCESS_ORDER, &collector);

    ordered(&place_order, sandals).await;
    assert_eq!(stage.deliver(&process_order, QUEUE).await, Report::done(1));

    let spans = collector.spans();
    let request = CollectedSpan::named(&spans, "POST /api/orders");
    let call = CollectedSpan::named(&spans, "paystack initialize");
    let message = CollectedSpan::named(
        &spans,
        "process madrush.events:order.placed:order_processing",
    );
    assert_eq!((request.kind, call.kind, message.kind), (2, 3, 5));
    assert_eq!(
        (request.service.as_str(), message.service.as_str()),
        ("place-order", "process-order")
    );
    assert_eq!(request.parent, None);
    assert_eq!(call.parent.as_ref(), Some(&request.id));
    assert_eq!(message.parent.as_ref(), Some(&request.id));
    assert!(
        spans.iter().all(|span| span.trace == request.trace),
        "{spans:#?}"
    );
    assert!(spans.iter().all(|span| !span.failed));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/orders"),
        ("http.response.status_code", "201"),
        ("url.path", "/api/orders"),
        ("faas.trigger", "http"),
    ] {
        assert_eq!(
            request.attributes.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    for (name, value) in [
        ("messaging.system", "rabbitmq"),
        ("messaging.operation.type", "process"),
        (
            "messaging.destination.name",
            "madrush.events:order.placed:order_processing",
        ),
        ("messaging.rabbitmq.destination.routing_key", "order.placed"),
    ] {
        assert_eq!(
            message.attributes.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    // What the message announced carries it on; of stock the request itself announces.
    let rows = stage
        .rows("SELECT DISTINCT trace_parent FROM outbox WHERE type <> 'stock.changed'")
        .await;
    let expected = format!("00-{}-{}-01", message.trace, message.id);
    assert_eq!(rows, [json!({ "trace_parent": expected })]);
    stage.let_messages_come_due().await;
    stage.announced().await;
}

#[tokio::test]
async fn a_message_tried_again_stays_in_its_trace() {
    let stage = Stage::set().await;
    let order = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let collector = Collector::start();
    let process_order = told(&stage, PROCESS_ORDER, &collector);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut message = stage.a_message("order.placed", json!({ "order_id": order.id }));
    message.trace_parent = Some(parent.to_owned());
    // Its payment is being opened by somebody else just now, so it must come again.
    stage
        .execute("UPDATE payments SET status = 'created', initialising_until = now() + interval '1 minute'")
        .await;

    let report = stage.hand(&process_order, QUEUE, &[message]).await;

    assert_eq!(report.rescheduled, 1, "{:#?}", process_order.logs());
    let spans = collector.spans();
    let tried = CollectedSpan::named(
        &spans,
        "process madrush.events:order.placed:order_processing",
    );
    assert!(tried.failed && parent.contains(&tried.trace));
    assert_eq!(tried.parent.as_deref(), Some("b7ad6b7169203331"));
    let again = stage.row("SELECT attempt, trace_parent FROM outbox").await;
    assert_eq!(again, json!({ "attempt": 2, "trace_parent": parent }));
    stage.let_messages_come_due().await;
    stage.announced().await;
}

#[tokio::test]
async fn a_strangers_traceparent_neither_forces_a_recording_nor_joins_a_trace() {
    let stage = Stage::set().await;
    let collector = Collector::start();
    let url = collector.url();
    let stranger = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (part, recorded) in [("0", 0), ("1", 1)] {
        let settings = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
            ("OTEL_TRACES_SAMPLER_ARG", part),
        ];
        let function = Function::spawn(GET_ORDER, &stage.settings_with(GET_ORDER, &settings));
        let request = get("MR-7K4Q-9TXD").header("traceparent", stranger);

        assert_eq!(function.send(request).await.status, 401);

        assert_eq!(collector.asked(), recorded);
    }
    let spans = collector.spans();
    let request = CollectedSpan::named(&spans, "GET /api/orders/{number}");
    assert_eq!(request.parent, None);
    assert!(!stranger.contains(&request.trace));
}

#[tokio::test]
async fn a_collector_that_hangs_or_is_away_delays_an_answer_within_bounds_and_fails_none() {
    let stage = Stage::set().await;
    let sandals = stage.a_product(500_000, 50).await;
    let collector = Collector::start();
    let hung = told(&stage, PLACE_ORDER, &collector);
    collector.behave(Temper::Hangs);
    let nobody = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    let away = Function::spawn(PLACE_ORDER, &stage.settings_with(PLACE_ORDER, &nobody));

    for (function, name) in [(&hung, "hung"), (&away, "away")] {
        for n in 0..5 {
            let key = format!("{name}-{n}-key");
            let answer = function.send(place(&key, &a_wish(sandals))).await;
            assert_eq!(answer.status, 201);
        }
        line(function, LOST).await;
        let warnings = lines(function)
            .into_iter()
            .filter(|line| line["level"] == "WARN")
            .count();
        assert_eq!(warnings, 1, "{:#?}", function.logs());
    }
    assert_eq!(collector.asked(), 1, "it is left alone after it has failed");
    let placed = stage.announced().await;
    let orders = placed.iter().filter(|kind| *kind == "order.placed");
    assert_eq!(orders.count(), 10);
}
