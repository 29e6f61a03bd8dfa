//! The bridge against a real RabbitMQ of its own, which it also stops and starts.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bridge::{Broker, InvokeTarget, Pace, QueueBinding, Schedule, run_queue, run_schedules};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use serde_json::{Value, json};
use services::{Means, Plan, Reporter, Running};
use tokio::sync::watch;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const PORT: u16 = 19672;
const INVOCATIONS: &str = "/2015-03-31/functions/consume/invocations";

struct Quiet;
impl Reporter for Quiet {
    fn say(&self, _: &str) {}
}

async fn start_broker(folder: PathBuf) -> Running {
    let plan = Plan::read(folder, |name| match name {
        "DATABASE_URL" | "REDIS_HOST" => Some("not needed".to_owned()),
        "DEV_RABBITMQ_PORT" => Some(PORT.to_string()),
        _ => None,
    });
    services::start(plan.unwrap(), Means::Programs, &Quiet)
        .await
        .unwrap()
}

fn broker() -> Broker {
    Broker {
        host: "127.0.0.1".into(),
        port: PORT,
        user: "guest".into(),
        password: "guest".into(),
        vhost: "/".into(),
        tls: false,
    }
}

async fn connect() -> Connection {
    let uri = format!("amqp://guest:guest@127.0.0.1:{PORT}/%2f");
    Connection::connect(&uri, ConnectionProperties::default())
        .await
        .unwrap()
}

async fn declare(connection: &Connection, queue: &str) {
    let mut arguments = FieldTable::default();
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let channel = connection.create_channel().await.unwrap();
    channel
        .queue_declare(queue.into(), options, arguments)
        .await
        .unwrap();
}

async fn publish(queue: &str, bodies: &[&str], properties: BasicProperties) {
    let connection = connect().await;
    let channel = connection.create_channel().await.unwrap();
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    for body in bodies {
        let options = BasicPublishOptions::default();
        let sent = channel.basic_publish(
            "".into(),
            queue.into(),
            options,
            body.as_bytes(),
            properties.clone(),
        );
        sent.await.unwrap().await.unwrap();
    }
}

/// Counts how many messages are ready or unacknowledged, by asking for the queue again.
async fn left_in(queue: &str) -> u32 {
    let connection = connect().await;
    let channel = connection.create_channel().await.unwrap();
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(queue.into(), options, FieldTable::default())
        .await
        .unwrap()
        .message_count()
}

/// A function that fails its first `failures` invocations and remembers what it saw.
#[derive(Clone, Default)]
struct Function {
    failures: Arc<AtomicUsize>,
    events: Arc<Mutex<Vec<(Instant, Value)>>>,
    delay: Duration,
}

impl Respond for Function {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let event = serde_json::from_slice(&request.body).unwrap();
        self.events.lock().unwrap().push((Instant::now(), event));
        let failing = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        let status = if failing { 500 } else { 200 };
        ResponseTemplate::new(status)
            .set_body_json(json!(null))
            .set_delay(self.delay)
    }
}

impl Function {
    fn events(&self) -> Vec<Value> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .map(|(_, event)| event.clone())
            .collect()
    }

    async fn serve(&self) -> MockServer {
        let server = MockServer::start().await;
        let mock = Mock::given(method("POST")).and(path(INVOCATIONS));
        mock.respond_with(self.clone()).mount(&server).await;
        server
    }

    async fn until_invoked(&self, times: usize) {
        for _ in 0..600 {
            if self.events().len() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("invoked {} times instead of {times}", self.events().len());
    }
}

fn batch_of<'a>(event: &'a Value, queue: &str) -> &'a Vec<Value> {
    event["rmqMessagesByQueue"][format!("{queue}::/")]
        .as_array()
        .unwrap()
}

fn bind(queue: &str, target: &str, end: &watch::Receiver<bool>) {
    let binding = QueueBinding {
        queue: queue.into(),
        function: "consume".into(),
        batch_size: 3,
        window: Duration::from_millis(200),
    };
    let target = InvokeTarget::new(target, Duration::from_secs(10)).unwrap();
    tokio::spawn(run_queue(binding, broker(), target, end.clone()));
}

/// One broker is started for all of these, because starting it is what costs.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_fed_to_its_function_as_amazon_mq_does() {
    // Open to all: as root the broker runs as a user of its own, who must be able to come in.
    let open = Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new()
        .permissions(open)
        .tempdir()
        .unwrap();
    let running = start_broker(folder.path().to_owned()).await;
    let (_hold, end) = watch::channel(false);

    batches_come_one_at_a_time_in_the_exact_form(&end).await;
    a_failed_batch_returns_whole(&end).await;
    functions_that_start_later_cost_no_delivery(&end).await;
    let running = a_broker_that_restarts_is_found_again(running, folder.path(), &end).await;

    running.stop(&Quiet).await.unwrap();
}

async fn batches_come_one_at_a_time_in_the_exact_form(end: &watch::Receiver<bool>) {
    let function = Function {
        delay: Duration::from_millis(300),
        ..Function::default()
    };
    let server = function.serve().await;
    declare(&connect().await, "exact").await;
    let mut headers = FieldTable::default();
    headers.insert("tenant".into(), AMQPValue::LongString("ng".into()));
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_message_id("m1".into())
        .with_type("order.placed".into());
    publish("exact", &["1", "2", "3", "4"], properties).await;
    bind("exact", &server.uri(), end);
    function.until_invoked(2).await;

    let events = function.events();
    assert_eq!(
        batch_of(&events[0], "exact").len(),
        3,
        "as many as the batch size"
    );
    assert_eq!(
        batch_of(&events[1], "exact").len(),
        1,
        "the rest when the window closes"
    );
    assert_eq!(
        batch_of(&events[0], "exact")[0],
        json!({
            "basicProperties": {
                "contentType": null, "contentEncoding": null,
                "headers": {"tenant": {"bytes": [110, 103]}},
                "deliveryMode": null, "priority": null, "correlationId": null, "replyTo": null,
                "expiration": null, "messageId": "m1", "timestamp": null, "type": "order.placed",
                "userId": null, "appId": null, "clusterId": null, "bodySize": 1,
            },
            "redelivered": false,
            "data": "MQ==",
        })
    );
    let times = function.events.lock().unwrap();
    assert!(
        times[1].0 - times[0].0 >= Duration::from_millis(300),
        "never two at once"
    );
}

async fn a_failed_batch_returns_whole(end: &watch::Receiver<bool>) {
    let function = Function::default();
    function.failures.store(2, Ordering::SeqCst);
    let server = function.serve().await;
    declare(&connect().await, "failing").await;
    publish("failing", &["1", "2", "3"], BasicProperties::default()).await;
    bind("failing", &server.uri(), end);
    function.until_invoked(3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;

    let events = function.events();
    assert_eq!(events.len(), 3);
    assert!(
        events
            .iter()
            .all(|event| batch_of(event, "failing").len() == 3)
    );
    assert!(
        batch_of(&events[2], "failing")
            .iter()
            .all(|m| m["redelivered"] == true)
    );
    assert_eq!(left_in("failing").await, 0);
}

async fn functions_that_start_later_cost_no_delivery(end: &watch::Receiver<bool>) {
    let vacant = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = vacant.local_addr().unwrap();
    drop(vacant);
    declare(&connect().await, "early").await;
    publish("early", &["1"], BasicProperties::default()).await;
    bind("early", &format!("http://{address}"), end);
    tokio::time::sleep(Duration::from_millis(1500)).await;

    let function = Function::default();
    let listener = std::net::TcpListener::bind(address).unwrap();
    let server = MockServer::builder().listener(listener).start().await;
    let mock = Mock::given(method("POST")).and(path(INVOCATIONS));
    mock.respond_with(function.clone()).mount(&server).await;
    function.until_invoked(1).await;
    assert_eq!(
        batch_of(&function.events()[0], "early")[0]["redelivered"],
        false
    );
}

async fn a_broker_that_restarts_is_found_again(
    running: Running,
    folder: &std::path::Path,
    end: &watch::Receiver<bool>,
) -> Running {
    let function = Function::default();
    let server = function.serve().await;
    declare(&connect().await, "lasting").await;
    bind("lasting", &server.uri(), end);
    publish("lasting", &["before"], BasicProperties::default()).await;
    function.until_invoked(1).await;

    running.stop(&Quiet).await.unwrap();
    let running = start_broker(folder.to_owned()).await;
    publish("lasting", &["after"], BasicProperties::default()).await;
    function.until_invoked(2).await;
    assert_eq!(
        batch_of(&function.events()[1], "lasting")[0]["data"],
        "YWZ0ZXI="
    );
    running
}

#[tokio::test]
async fn a_schedule_never_runs_twice_at_once() {
    let function = Function {
        delay: Duration::from_millis(250),
        ..Function::default()
    };
    let server = function.serve().await;
    let target = InvokeTarget::new(&server.uri(), Duration::from_secs(5)).unwrap();
    let (stop, end) = watch::channel(false);
    let schedule = Schedule {
        function: "consume".into(),
        pace: Pace::Every(Duration::from_millis(100)),
        limit: Duration::from_secs(5),
    };
    let running = tokio::spawn(run_schedules(vec![schedule], target, end));
    function.until_invoked(3).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    let times = function.events.lock().unwrap();
    assert!(
        times
            .windows(2)
            .all(|pair| pair[1].0 - pair[0].0 >= Duration::from_millis(250))
    );
    assert_eq!(times[0].1["source"], "aws.scheduler");
}

#[tokio::test]
async fn an_invocation_that_a_reload_loses_is_given_up_at_once() {
    let function = Function {
        delay: Duration::from_secs(30),
        ..Function::default()
    };
    let server = function.serve().await;
    let (reload, reloads) = watch::channel(0);
    let target = InvokeTarget::new(&server.uri(), Duration::from_secs(30)).unwrap();
    let target = target.reloaded_by(reloads);
    reload.send_modify(|count| *count += 1);
    let event = json!({});
    let (answer, ()) = tokio::join!(target.invoke("consume", &event), async {
        function.until_invoked(1).await;
        reload.send_modify(|count| *count += 1);
    });
    assert!(
        matches!(answer, Err(bridge::InvokeError::Reloaded)),
        "{answer:?}"
    );
}
