//! The whole shop.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use bridge::{InvokeTarget, scheduler_event};
use chrono::Utc;
use reqwest::{Client, RequestBuilder, StatusCode};
use runtime_api::Gate;
use serde_json::{Value, json};

use crate::buyer::Buyer;
use crate::closing::Expectation;
use crate::copies::Copies;
use crate::environment::{Addresses, client};
use crate::feeding::Feeding;
use crate::rows::Rows;
use crate::standins::StandIns;
use crate::vhost::Vhost;
use crate::watch::Watch;

const INVOCATION_LIMIT: Duration = Duration::from_secs(60);

/// The emulator starts a function with cargo, which waits for whoever builds in this work tree.
const START_LIMIT: Duration = Duration::from_secs(600);

/// What a shop starts with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Redis is away from the first moment on.
    pub without_redis: bool,
}

/// A running shop. End it with [`Shop::close`]; dropped otherwise (its test has failed), it stops
/// all the same, unchecked.
pub struct Shop {
    // In the order in which they are to be dropped.
    pub(crate) feeding: Feeding,
    pub(crate) watch: Watch,
    pub(crate) standins: StandIns,
    rabbit: Gate,
    redis: Gate,
    pub(crate) copies: Copies,
    pub(crate) vhost: Vhost,
    pub(crate) rows: Rows,
    api: String,
    http: Client,
    target: InvokeTarget,
    pub(crate) expectations: Mutex<Vec<Expectation>>,
    pub(crate) private: Mutex<BTreeSet<String>>,
}

impl Shop {
    /// Starts a shop; answers once every function of it has started.
    ///
    /// # Panics
    /// Where something does not start.
    pub async fn start(options: Options) -> Self {
        let http = client();
        let (rows, vhost) = tokio::join!(Rows::create(), Vhost::create());
        let rabbit = Gate::to(format!("{}:{}", vhost.settings.host, vhost.settings.port));
        let copies = Copies::of(&vhost.settings.vhost);
        let redis = copies.gate();
        if options.without_redis {
            redis.refuse();
        }
        let port = free_port();
        let api = format!("http://127.0.0.1:{port}");
        let standins = StandIns::start(&api).await;
        let addresses = Addresses {
            api: &api,
            database: &rows.database,
            vhost: &vhost,
            rabbit: &rabbit,
            redis: &redis,
            standins: &standins,
        };
        let watch = Watch::start(port, &addresses.environment()).await;
        let target = InvokeTarget::new(&api, INVOCATION_LIMIT).expect("an HTTP client");
        for function in ["migrate", "declare-queues"] {
            let deployed = target
                .within(START_LIMIT)
                .invoke(function, &json!({}))
                .await;
            deployed.unwrap_or_else(|error| {
                panic!("{function}: {error}; see {}", watch.log().display())
            });
        }
        warm_up(&http, &api, &target).await;
        Self {
            feeding: Feeding::start(&vhost, &rabbit, &target),
            watch,
            standins,
            rabbit,
            redis,
            copies,
            vhost,
            rows,
            api,
            http,
            target,
            expectations: Mutex::default(),
            private: Mutex::default(),
        }
    }

    /// The other side.
    #[must_use]
    pub fn standins(&self) -> &StandIns {
        &self.standins
    }

    /// Its database.
    #[must_use]
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The way of all functions, and of the bridge, to RabbitMQ.
    #[must_use]
    pub fn rabbit(&self) -> &Gate {
        &self.rabbit
    }

    /// The way of all functions to Redis.
    #[must_use]
    pub fn redis(&self) -> &Gate {
        &self.redis
    }

    /// A guest who has never been here.
    #[must_use]
    pub fn buyer(&self) -> Buyer<'_> {
        Buyer::new(self)
    }

    /// The address of a route.
    #[must_use]
    pub fn route(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    /// Reads a public route.
    ///
    /// # Panics
    /// Where it does not answer 200.
    pub async fn read(&self, path: &str) -> Value {
        let (status, answer) = self.ask(self.http.get(self.route(path))).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// What the clock does every minute on AWS: lets what is due expire.
    ///
    /// # Panics
    /// Where the function fails.
    pub async fn expire_orders(&self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a scheduler is the one who tells the time"
        )]
        let event = scheduler_event("expire-orders", Utc::now());
        let report = self.target.invoke("expire-orders", &event).await;
        report.unwrap_or_else(|error| panic!("expire-orders: {error}"));
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    pub(crate) async fn ask(&self, request: RequestBuilder) -> (StatusCode, Value) {
        let answer = request.send().await;
        let answer =
            answer.unwrap_or_else(|error| panic!("{error:?}; see {}", self.log().display()));
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        (
            status,
            serde_json::from_str(&body).unwrap_or(Value::String(body)),
        )
    }

    /// What the functions have printed; gone once the shop is closed.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.watch.log()
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Starts the functions one after the other: the emulator starts each with cargo, and many at once
/// fight over cargo's lock (cargo-lambda issue 444).
async fn warm_up(http: &Client, api: &str, target: &InvokeTarget) {
    let get = |path: &str| http.get(format!("{api}{path}"));
    let post = |path: &str| http.post(format!("{api}{path}")).json(&json!({}));
    let calls = [
        get("/api/products?limit=1"),
        get("/api/products/none"),
        get("/api/orders/MR-0000-0000"),
        post("/api/orders"),
        post("/api/orders/MR-0000-0000/payments"),
        get("/api/payments/callback"),
        get("/api/payments/none"),
        post("/api/webhooks/paystack"),
    ];
    for call in calls {
        let answer = call
            .timeout(START_LIMIT)
            .send()
            .await
            .expect("the function starts");
        assert!(
            answer.status() != StatusCode::INTERNAL_SERVER_ERROR,
            "{}: it does not start",
            answer.url()
        );
    }
    let target = target.within(START_LIMIT);
    let nothing =
        json!({ "eventSource": "aws:rmq", "eventSourceArn": "none", "rmqMessagesByQueue": {} });
    for function in [
        "process-order",
        "process-payment",
        "sync-product",
        "send-notification",
        "expire-orders",
    ] {
        let started = target.invoke(function, &nothing).await;
        started.unwrap_or_else(|error| panic!("{function}: {error}"));
    }
}
