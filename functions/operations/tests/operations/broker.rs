//! A virtual host of the test's own on the running broker, deleted with the fixture.

use std::time::Duration;

use messaging::RabbitSettings;
use runtime_api::{Function, Gate, schedule_event};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stage::Stage;

use crate::DECLARE_QUEUES;

/// An empty broker, as far as the test can tell.
pub(crate) struct Broker {
    settings: RabbitSettings,
    management: String,
    http: reqwest::Client,
}

impl Broker {
    /// A broker without queues. The stage comes first: it has what HTTP clients need.
    pub(crate) async fn empty(_: &Stage) -> Self {
        let (mut settings, management) = settings::read(|env| {
            let port = env.parsed_or("RABBITMQ_MANAGEMENT_PORT", 9673_u16);
            let default = format!("http://127.0.0.1:{port}");
            (
                RabbitSettings::read(env),
                env.or("RABBITMQ_MANAGEMENT_URL", &default),
            )
        })
        .expect("these tests need the running broker's settings: `cargo dev env`");
        settings.vhost = format!("test-{}", uuid::Uuid::new_v4().simple());
        let broker = Self {
            settings,
            management,
            http: client(),
        };
        let vhost = broker.settings.vhost.clone();
        broker
            .manage("PUT", &format!("/api/vhosts/{vhost}"), json!({}))
            .await;
        let user = &broker.settings.user;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        broker
            .manage("PUT", &format!("/api/permissions/{vhost}/{user}"), all)
            .await;
        broker
    }

    /// A broker on which the shop's queues are declared.
    pub(crate) async fn declared(stage: &Stage) -> Self {
        let broker = Self::empty(stage).await;
        let declare = broker.spawn(stage, DECLARE_QUEUES, &[]);
        declare.invoke(&schedule_event()).await.unwrap();
        broker
    }

    /// From now on it takes so many connections and no more.
    pub(crate) async fn take_connections(&self, most: u32) {
        let path = format!("/api/vhost-limits/{}/max-connections", self.settings.vhost);
        self.manage("PUT", &path, json!({ "value": most })).await;
    }

    /// Starts a function that is to use this broker.
    pub(crate) fn spawn(&self, stage: &Stage, binary: &str, more: &[(&str, &str)]) -> Function {
        let RabbitSettings { host, port, .. } = &self.settings;
        self.spawn_at(stage, binary, host, *port, more)
    }

    /// Starts a function whose way to this broker leads through a gate.
    pub(crate) fn spawn_behind(
        &self,
        gate: &Gate,
        stage: &Stage,
        binary: &str,
        more: &[(&str, &str)],
    ) -> Function {
        self.spawn_at(stage, binary, &gate.host(), gate.port(), more)
    }

    /// A gate in front of it.
    pub(crate) fn gate(&self) -> Gate {
        Gate::to(format!("{}:{}", self.settings.host, self.settings.port))
    }

    /// Takes all messages out of a queue: body, routing key and properties of each.
    pub(crate) async fn take(&self, queue: &str) -> Vec<Value> {
        let path = format!("/api/queues/{}/{queue}/get", self.settings.vhost);
        let order = json!({ "count": 10_000, "ackmode": "ack_requeue_false", "encoding": "auto" });
        let taken = self.manage("POST", &path, order).await;
        let message = |message: &Value| {
            let body: Value = serde_json::from_str(message["payload"].as_str().unwrap()).unwrap();
            json!({ "body": body, "key": message["routing_key"], "properties": message["properties"] })
        };
        taken.as_array().unwrap().iter().map(message).collect()
    }

    /// Puts a message where the broker puts what it gives up.
    pub(crate) async fn give_up(&self, queue: &str, body: &str) {
        let path = format!(
            "/api/exchanges/{}/madrush.dead/publish",
            self.settings.vhost
        );
        let message = json!({
            "routing_key": queue, "payload": body, "payload_encoding": "string",
            "properties": { "headers": { "x-first-death-reason": "delivery_limit" } },
        });
        let published = self.manage("POST", &path, message).await;
        assert_eq!(published["routed"], true, "{queue}");
    }

    /// What the management API tells of this virtual host: `queues`, `bindings`, `exchanges`.
    pub(crate) async fn list(&self, what: &str) -> Vec<Value> {
        let path = format!("/api/{what}/{}", self.settings.vhost);
        self.manage("GET", &path, Value::Null)
            .await
            .as_array()
            .unwrap()
            .clone()
    }

    fn spawn_at(
        &self,
        stage: &Stage,
        binary: &str,
        host: &str,
        port: u16,
        more: &[(&str, &str)],
    ) -> Function {
        let (port, settings) = (port.to_string(), &self.settings);
        let mut changes = vec![
            ("RABBITMQ_HOST", host),
            ("RABBITMQ_PORT", &port),
            ("RABBITMQ_USER", &settings.user),
            ("RABBITMQ_PASSWORD", settings.password.expose_secret()),
            ("RABBITMQ_VHOST", &settings.vhost),
        ];
        changes.extend(more);
        Function::spawn(binary, &stage.settings_with(binary, &changes))
    }

    async fn manage(&self, method: &str, path: &str, body: Value) -> Value {
        let RabbitSettings { user, password, .. } = &self.settings;
        let request = self
            .http
            .request(
                method.parse().unwrap(),
                format!("{}{path}", self.management),
            )
            .basic_auth(user, Some(password.expose_secret()))
            .json(&body);
        let answer = request.send().await.expect("the management API answers");
        assert!(
            answer.status().is_success(),
            "{method} {path}: {}",
            answer.status()
        );
        answer.json().await.unwrap_or(Value::Null)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let url = format!("{}/api/vhosts/{}", self.management, self.settings.vhost);
        let settings = self.settings.clone();
        let clean_up = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async move {
                let password = settings.password.expose_secret();
                let request = client()
                    .delete(url)
                    .basic_auth(&settings.user, Some(password));
                request.send().await.map(|_| ()).ok()
            })
        });
        clean_up.join().ok();
    }
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20));
    builder.build().expect("a client")
}
