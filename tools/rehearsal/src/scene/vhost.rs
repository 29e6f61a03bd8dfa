//! A virtual host of the rehearsal's own.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use messaging::RabbitSettings;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::servers::Servers;

/// It, and the management API it was made with.
pub(crate) struct Vhost {
    pub(crate) settings: RabbitSettings,
    management: Management,
}

impl Vhost {
    pub(super) async fn create(servers: &Servers, name: &str) -> anyhow::Result<Self> {
        let management = Management::of(servers)?;
        let user = &servers.rabbit.user;
        management
            .ask(Method::PUT, &format!("vhosts/{name}"), &json!({}))
            .await?;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        management
            .ask(Method::PUT, &format!("permissions/{name}/{user}"), &all)
            .await?;
        let settings = RabbitSettings {
            vhost: name.to_owned(),
            ..servers.rabbit.clone()
        };
        Ok(Self {
            settings,
            management,
        })
    }

    /// The queues that are not known to be empty, each with what is in it; dead ones too. The broker
    /// counts every few seconds.
    pub(crate) async fn not_empty(&self) -> anyhow::Result<Vec<String>> {
        let path = format!("queues/{}", self.settings.vhost);
        let queues: Vec<Value> = self
            .management
            .request(Method::GET, &path)
            .send()
            .await?
            .json()
            .await?;
        ensure!(!queues.is_empty(), "no queue is declared");
        let filled = queues
            .iter()
            .filter(|queue| queue["messages"].as_u64() != Some(0));
        Ok(filled
            .map(|queue| format!("{}: {}", queue["name"], queue["messages"]))
            .collect())
    }

    pub(super) async fn delete(self) -> anyhow::Result<()> {
        delete(&self.management, &self.settings.vhost).await
    }
}

/// Deletes a virtual host with all that is in it.
pub(super) async fn delete(management: &Management, name: &str) -> anyhow::Result<()> {
    management
        .ask(Method::DELETE, &format!("vhosts/{name}"), &json!({}))
        .await
}

/// RabbitMQ's management API.
pub(super) struct Management {
    client: Client,
    rabbit: RabbitSettings,
    url: String,
}

impl Management {
    pub(super) fn of(servers: &Servers) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(Duration::from_secs(15))
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            rabbit: servers.rabbit.clone(),
            url: servers.management.clone(),
        })
    }

    /// The names of all virtual hosts.
    pub(super) async fn vhosts(&self) -> anyhow::Result<Vec<String>> {
        let answer = self
            .request(Method::GET, "vhosts")
            .send()
            .await
            .context("RabbitMQ's management API does not answer")?;
        let vhosts: Vec<Value> = answer.error_for_status()?.json().await?;
        Ok(vhosts
            .iter()
            .filter_map(|vhost| vhost["name"].as_str().map(str::to_owned))
            .collect())
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<()> {
        let answer = self.request(method, path).json(body).send().await;
        let answer = answer.context("RabbitMQ's management API does not answer")?;
        answer
            .error_for_status()
            .with_context(|| format!("RabbitMQ's management API refuses {path}"))?;
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let RabbitSettings { user, password, .. } = &self.rabbit;
        let request = self
            .client
            .request(method, format!("{}/api/{path}", self.url));
        request.basic_auth(user, Some(password.expose_secret()))
    }
}
