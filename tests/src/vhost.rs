//! A virtual host of a shop's own on the running broker.

use std::collections::BTreeSet;

use messaging::RabbitSettings;
use reqwest::{Client, Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use settings::Env;
use uuid::Uuid;

use crate::environment::{client, read};

/// Deleted with this.
pub struct Vhost {
    /// The way to it.
    pub settings: RabbitSettings,
    management: String,
}

impl Vhost {
    /// Makes one, without queues.
    ///
    /// # Panics
    /// Where the broker does not answer.
    pub async fn create() -> Self {
        let (mut settings, management) = read(|env: &mut Env| {
            let port = env.parsed_or("RABBITMQ_MANAGEMENT_PORT", 9673_u16);
            let settings = RabbitSettings::read(env);
            let management = format!("http://{}:{port}", settings.host);
            (settings, env.or("RABBITMQ_MANAGEMENT_URL", &management))
        });
        settings.vhost = format!("shop-{}", Uuid::new_v4().simple());
        let vhost = Self {
            settings,
            management,
        };
        let RabbitSettings {
            vhost: name, user, ..
        } = &vhost.settings;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        for (path, body) in [
            (format!("vhosts/{name}"), json!({})),
            (format!("permissions/{name}/{user}"), all),
        ] {
            let status = vhost.manage(Method::PUT, &path, &body).await;
            assert!(
                status.is_success(),
                "the broker's management: PUT {path}: {status}"
            );
        }
        vhost
    }

    /// The queues that are not known to be empty, each with what is in it; `dead` ones too. The
    /// broker counts every few seconds.
    pub(crate) async fn not_empty(&self) -> Vec<String> {
        let path = format!("queues/{}", self.settings.vhost);
        let answer = self.ask(&client(), Method::GET, &path).send().await;
        let answer = answer.expect("the broker's management API answers");
        let queues: Vec<Value> = answer.json().await.expect("a list of queues");
        assert!(!queues.is_empty(), "the queues are declared");
        let filled = queues
            .iter()
            .filter(|queue| queue["messages"].as_u64() != Some(0));
        filled
            .map(|queue| format!("{}: {}", queue["name"], queue["messages"]))
            .collect()
    }

    /// The names of its queues.
    ///
    /// # Panics
    /// Where the broker does not answer.
    pub async fn queues(&self) -> BTreeSet<String> {
        let path = format!("queues/{}", self.settings.vhost);
        let answer = self.ask(&client(), Method::GET, &path).send().await;
        let answer = answer.expect("the broker's management API answers");
        let queues: Vec<Value> = answer.json().await.expect("a list of queues");
        let name = |queue: &Value| queue["name"].as_str().unwrap_or_default().to_owned();
        queues.iter().map(name).collect()
    }

    /// Takes everything out of a queue; answers how much that was.
    ///
    /// # Panics
    /// Where the broker does not answer.
    pub async fn take(&self, queue: &str) -> usize {
        let path = format!("queues/{}/{queue}/get", self.settings.vhost);
        let all = json!({ "count": 10_000, "ackmode": "ack_requeue_false", "encoding": "auto" });
        let answer = self
            .ask(&client(), Method::POST, &path)
            .json(&all)
            .send()
            .await;
        let answer = answer.expect("the broker's management API answers");
        let taken: Vec<Value> = answer.json().await.expect("a list of messages");
        taken.len()
    }

    async fn manage(&self, method: Method, path: &str, body: &Value) -> StatusCode {
        let answer = self.ask(&client(), method, path).json(body).send().await;
        answer
            .expect("the broker's management API answers")
            .status()
    }

    fn ask(&self, client: &Client, method: Method, path: &str) -> reqwest::RequestBuilder {
        let RabbitSettings { user, password, .. } = &self.settings;
        client
            .request(method, format!("{}/api/{path}", self.management))
            .basic_auth(user, Some(password.expose_secret()))
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let path = format!("vhosts/{}", self.settings.vhost);
        // A thread of its own: this may be dropped inside a runtime, or while panicking.
        std::thread::scope(|scope| {
            let deleting = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime
                    .expect("a runtime")
                    .block_on(self.manage(Method::DELETE, &path, &json!({})))
            });
            // A broker that is gone has nothing left to delete.
            drop(deleting.join());
        });
    }
}
