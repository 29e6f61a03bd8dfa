//! What `relay-outbox` tells about itself and the messages it carries.

use std::path::{Path, PathBuf};

use runtime_api::{
    CollectedSpan, Collector, Function, Message, Metrics, Request, rabbitmq_event, schedule_event,
};
use serde_json::{Value, json};
use stage::Stage;

use crate::RELAY_OUTBOX;
use crate::broker::Broker;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn relay(function: &Function) -> Value {
    function.invoke(&schedule_event()).await.unwrap()
}

/// How often the relay has told the states of things.
fn told_states(metrics: &Metrics) -> usize {
    metrics.get("dead_messages").map_or(0, Vec::len)
}

/// So many messages, of which each has been due for so many seconds, in the trace of [`PARENT`].
async fn put(stage: &Stage, messages: usize, seconds: i64) {
    for _ in 0..messages {
        stage
            .execute(&format!(
                "INSERT INTO outbox (message_id, type, version, payload, correlation_id, occurred_at,
                                     available_at, trace_parent)
                 VALUES (gen_random_uuid(), 'order.paid', 1, '{{}}', 'req-7', now(),
                         now() - interval '{seconds} seconds', '{PARENT}')"
            ))
            .await;
    }
}

#[tokio::test]
async fn the_relay_tells_what_it_published_how_old_the_outbox_is_and_what_waits_for_staff() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let more = [("RELAY_DRAIN_SECONDS", "0"), ("METRICS", "emf")];
    let function = broker.spawn(&stage, RELAY_OUTBOX, &more);
    put(&stage, 3, 0).await;
    stage
        .execute(
            "INSERT INTO dead_messages (id, queue, attempt, body, error, parked_at)
             SELECT gen_random_uuid(), 'order_processing', 1, 'x', 'no', now() FROM generate_series(1, 2)",
        )
        .await;

    let told = |times| move |metrics: &Metrics| told_states(metrics) == times;
    relay(&function).await;
    let first = function.metrics_until(told(1)).await;
    relay(&function).await;
    let second = function.metrics_until(told(2)).await;

    assert_eq!(first["messages_published"], [3.0]);
    assert_eq!(
        (&first["outbox_age_seconds"], &first["dead_messages"]),
        (&vec![0.0], &vec![2.0])
    );
    // Each invocation tells of itself: nothing published is nothing told, a state is told each time.
    assert_eq!(second["messages_published"], [3.0]);
    assert_eq!(second["dead_messages"], [2.0, 2.0]);
}

#[tokio::test]
async fn while_the_broker_refuses_everything_the_outbox_grows_old_however_often_it_is_tried() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let gate = broker.gate();
    let more = [("RELAY_DRAIN_SECONDS", "0"), ("METRICS", "emf")];
    let function = broker.spawn_behind(&gate, &stage, RELAY_OUTBOX, &more);
    put(&stage, 2, 300).await;

    gate.refuse();
    relay(&function).await;
    stage
        .execute("UPDATE outbox SET available_at = now()")
        .await;
    relay(&function).await;
    let away = function
        .metrics_until(|metrics| told_states(metrics) == 2)
        .await;
    gate.open();
    stage
        .execute("UPDATE outbox SET available_at = now()")
        .await;
    relay(&function).await;

    let ages = &away["outbox_age_seconds"];
    assert!(
        ages.len() == 2 && ages.iter().all(|age| *age >= 300.0),
        "{ages:?}"
    );
    assert!(!away.contains_key("messages_published"));
    let back = function
        .metrics_until(|metrics| told_states(metrics) == 3)
        .await;
    assert_eq!(
        (back["outbox_age_seconds"][2], &back["messages_published"]),
        (0.0, &vec![2.0])
    );
}

#[tokio::test]
async fn a_message_is_published_as_part_of_the_trace_that_announced_it() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let collector = Collector::start();
    let url = collector.url();
    let more = [
        ("RELAY_DRAIN_SECONDS", "0"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
    ];
    let function = broker.spawn(&stage, RELAY_OUTBOX, &more);
    put(&stage, 1, 0).await;

    relay(&function).await;

    let spans = collector.spans();
    let sent = spans
        .iter()
        .find(|span| span.name == "publish madrush.events:order.paid")
        .unwrap();
    assert_eq!((sent.kind, sent.failed), (4, false));
    assert_eq!(sent.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(sent.parent.as_deref(), Some("b7ad6b7169203331"));
    assert_eq!(
        sent.attributes["messaging.message.conversation_id"],
        "req-7"
    );
    // The invocation itself is a trace of its own.
    let tick = spans
        .iter()
        .find(|span| span.name == "relay-outbox")
        .unwrap();
    assert_eq!((tick.kind, tick.parent.as_ref()), (2, None));
    assert_ne!(tick.trace, sent.trace);
    let messages = broker.take("order_processing").await;
    let carried = json!(format!("00-{}-{}-01", sent.trace, sent.id));
    assert_eq!(messages[0]["body"]["trace_parent"], carried);
    assert_eq!(messages[0]["properties"]["headers"]["traceparent"], carried);
}

#[tokio::test]
async fn a_relay_that_traces_nothing_hands_on_what_it_was_given() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let function = broker.spawn(&stage, RELAY_OUTBOX, &[("RELAY_DRAIN_SECONDS", "0")]);
    put(&stage, 1, 0).await;

    relay(&function).await;

    let messages = broker.take("order_processing").await;
    assert_eq!(messages[0]["body"]["trace_parent"], PARENT);
    assert_eq!(messages[0]["properties"]["headers"]["traceparent"], PARENT);
}

/// A function of another area, beside the one of ours.
fn neighbour(function: &str) -> PathBuf {
    let path = Path::new(RELAY_OUTBOX).with_file_name(function);
    assert!(
        path.exists(),
        "{function} is not built: cargo build --workspace"
    );
    path
}

fn an_order(variant: domain::VariantId) -> Request {
    let order = Request::post("/api/orders").route("/api/orders");
    order
        .header("idempotency-key", "traced-order")
        .json(&json!({
            "items": [{ "variant_id": variant, "quantity": 1 }],
            "customer": { "name": "Ada Obi", "email": "ada@example.com", "phone": "08031234567" },
            "delivery_address": {
                "street": "12 Allen Avenue", "landmark": "opposite the bank", "city": "Ikeja",
                "lga": "Ikeja", "state": "Lagos", "country": "NG",
            },
            "payment": { "channel": "card" },
        }))
}

#[tokio::test]
async fn an_orders_request_its_message_through_the_broker_and_its_consumer_are_one_trace() {
    let stage = Stage::set().await;
    let broker = Broker::declared(&stage).await;
    let collector = Collector::start();
    let url = collector.url();
    let traced = ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str());
    let spawn = |function: &str| {
        let binary = neighbour(function);
        Function::spawn(&binary, &stage.settings_with(&binary, &[traced]))
    };
    let (place_order, process_order) = (spawn("place-order"), spawn("process-order"));
    let relay_outbox = broker.spawn(
        &stage,
        RELAY_OUTBOX,
        &[traced, ("RELAY_DRAIN_SECONDS", "0")],
    );
    let product = stage.a_product(500_000, 10).await;

    assert_eq!(place_order.send(an_order(product)).await.status, 201);
    relay(&relay_outbox).await;
    let published = broker.take("order_processing").await.remove(0);
    // As a relay of the version before would have sent its body: then the header says it.
    let mut body = published["body"].clone();
    body.as_object_mut()
        .unwrap()
        .remove("trace_parent")
        .unwrap();
    let header = published["properties"]["headers"]["traceparent"].clone();
    let message = Message::event(&body).header("traceparent", header);
    let event = rabbitmq_event("order_processing", "/", &[message]);
    let report = process_order.invoke(&event).await.unwrap();
    assert_eq!(report["done"], 1, "{report}");

    let spans = collector.spans();
    let request = CollectedSpan::named(&spans, "POST /api/orders");
    let sent = CollectedSpan::named(&spans, "publish madrush.events:order.placed");
    let worked = CollectedSpan::named(
        &spans,
        "process madrush.events:order.placed:order_processing",
    );
    for span in [sent, worked] {
        assert_eq!(span.trace, request.trace, "{}", span.name);
    }
    assert_eq!(request.parent, None);
    assert_eq!(sent.parent.as_ref(), Some(&request.id));
    assert_eq!(worked.parent.as_ref(), Some(&sent.id));
    let services = [request, sent, worked].map(|span| span.service.as_str());
    assert_eq!(services, ["place-order", "relay-outbox", "process-order"]);
    let next = stage.row("SELECT DISTINCT trace_parent FROM outbox").await;
    let carried = format!("00-{}-{}-01", worked.trace, worked.id);
    assert_eq!(next, json!({ "trace_parent": carried }));
    stage.let_messages_come_due().await;
    stage.announced().await;
}
