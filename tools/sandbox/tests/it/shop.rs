//! A shop to test against: a started sandbox, and a receiver of its webhooks and callbacks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use reqwest::redirect::Policy;
use sandbox::{Running, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use url::Url;

pub(crate) const KEY: &str = "sk_test_sandbox";
pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "12345";
pub(crate) const CALLBACK: &str = "https://shop.example/api/payments/callback";

/// A request that the shop received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

#[derive(Clone, Default)]
struct Receiver {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

pub(crate) struct Shop {
    pub(crate) sandbox: Running,
    pub(crate) http: reqwest::Client,
    pub(crate) address: String,
    receiver: Receiver,
}

async fn receive(
    State(receiver): State<Receiver>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let path = uri.to_string();
    receiver.received.lock().unwrap().push(Received {
        path,
        headers,
        body,
    });
    let answer = receiver.answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(answer).unwrap()
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let receiver = Receiver::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut config = SandboxConfig::for_tests();
        config.webhook_url = Some(Url::parse(&format!("{address}/api/webhooks/paystack")).unwrap());
        change(&mut config);
        let sandbox = Sandbox::start(config).await.unwrap();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            sandbox,
            http,
            address,
            receiver,
        }
    }

    /// The statuses of the receiver's next answers; 200 afterwards.
    pub(crate) fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.receiver.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.receiver.received.lock().unwrap().clone()
    }

    /// Waits for so many requests, five seconds at most; then all that came.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Received> {
        for _ in 0..500 {
            if self.received().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = self.received();
        assert!(
            received.len() >= count,
            "only {} of {count} came",
            received.len()
        );
        received
    }

    /// Waits a moment in which nothing more may come; then all that came.
    pub(crate) async fn receives_no_more_than(&self, count: usize) -> Vec<Received> {
        let received = self.receives(count).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(self.received().len(), count);
        received
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http
            .get(self.url(path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn control(&self, order: Value) {
        let answer = self
            .http
            .post(self.url("/control"))
            .json(&order)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{order}");
    }

    pub(crate) async fn paystack_get(&self, path: &str) -> (u16, Value) {
        let request = self
            .http
            .get(self.url(&format!("/paystack{path}")))
            .bearer_auth(KEY);
        answered(request).await
    }

    pub(crate) async fn paystack_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = self.url(&format!("/paystack{path}"));
        answered(self.http.post(url).bearer_auth(KEY).json(body)).await
    }

    /// Starts a payment of so many kobo; its page's address.
    pub(crate) async fn initialize(&self, reference: &str, amount: i64) -> String {
        let body = json!({
            "email": "ada@example.com", "amount": amount, "currency": "NGN",
            "reference": reference, "callback_url": CALLBACK
        });
        let (status, body) = self.paystack_post("/transaction/initialize", &body).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["authorization_url"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The payer's choice on the page.
    pub(crate) async fn choose(&self, page: &str, form: &[(&str, &str)]) -> reqwest::Response {
        self.http.post(page).form(form).send().await.unwrap()
    }

    pub(crate) async fn verify(&self, reference: &str) -> Value {
        let (status, body) = self
            .paystack_get(&format!("/transaction/verify/{reference}"))
            .await;
        assert_eq!(status, 200, "{body}");
        body["data"].clone()
    }

    pub(crate) async fn ledger(&self) -> Value {
        self.get("/paystack/ledger").await
    }
}

pub(crate) async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}
