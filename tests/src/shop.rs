//! The whole shop.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bridge::{InvokeTarget, scheduler_event};
use chrono::Utc;
use reqwest::{Client, RequestBuilder, StatusCode};
use runtime_api::Gate;
use serde_json::{Value, json};

use crate::buyer::Buyer;
use crate::copies::Copies;
use crate::environment::{Addresses, SECRETS, client};
use crate::feeding::Feeding;
use crate::letters::{Letter, expected, told_apart};
use crate::patience::eventually;
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
    feeding: Feeding,
    watch: Watch,
    standins: StandIns,
    rabbit: Gate,
    redis: Gate,
    copies: Copies,
    vhost: Vhost,
    rows: Rows,
    api: String,
    http: Client,
    target: InvokeTarget,
    expectations: Mutex<Vec<Expectation>>,
    private: Mutex<BTreeSet<String>>,
}

/// What must have reached a buyer, no more and no less.
struct Expectation {
    email: String,
    phone: String,
    letters: Vec<Letter>,
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

    /// Waits until exactly these letters, counted from the beginning, have reached a buyer: one each
    /// on every channel it has. What was told last of a buyer is what [`Shop::close`] looks for
    /// again: no second one may come later.
    ///
    /// # Panics
    /// Where they do not come.
    pub async fn tells(&self, buyer: &Buyer<'_>, letters: &[Letter]) {
        let expectation = Expectation {
            email: buyer.email.clone(),
            phone: buyer.phone_abroad(),
            letters: letters.to_vec(),
        };
        eventually("the messages", async || self.compare(&expectation).await).await;
        let mut expectations = locked(&self.expectations);
        expectations.retain(|former| former.email != expectation.email);
        expectations.push(expectation);
    }

    /// Waits until nothing is on its way, checks the books and every inbox, and stops the shop.
    ///
    /// # Panics
    /// Where a message is dead, an inbox holds something else than was expected, or an invariant is
    /// broken.
    pub async fn close(self) {
        eventually("the shop to come to rest", async || {
            let on_its_way = self.rows.on_its_way().await;
            if on_its_way.is_empty() {
                Ok(())
            } else {
                Err(on_its_way.join("; "))
            }
        })
        .await;
        eventually("every queue to be empty", async || {
            let filled = self.vhost.not_empty().await;
            if filled.is_empty() {
                Ok(())
            } else {
                Err(filled.join(", "))
            }
        })
        .await;
        let dead = self.rows.dead().await;
        assert!(dead.is_empty(), "dead messages: {dead:#?}");
        let expectations = std::mem::take(&mut *locked(&self.expectations));
        for expectation in &expectations {
            let seen = self.compare(expectation).await;
            seen.unwrap_or_else(|seen| panic!("{}: {seen}", expectation.email));
        }
        self.rows
            .check(&self.standins.ledger().await)
            .await
            .assert_holds();
        self.keeps_private_what_is().await;
        self.stop().await;
    }

    /// Notes a word that must stand nowhere in clear text: not in a row, not in a log.
    pub(crate) fn keep_private(&self, word: &str) {
        locked(&self.private).insert(word.to_owned());
    }

    async fn keeps_private_what_is(&self) {
        let private = locked(&self.private).clone();
        let mut words: Vec<&str> = private.iter().map(String::as_str).collect();
        self.rows.check_for(&words).await.assert_holds();
        words.extend(SECRETS);
        let printed = std::fs::read_to_string(self.log()).expect("what the functions printed");
        let told: Vec<_> = words
            .into_iter()
            .filter(|word| printed.contains(word))
            .collect();
        assert!(told.is_empty(), "the functions' log tells {told:?}");
    }

    async fn compare(&self, expectation: &Expectation) -> Result<(), String> {
        let (mails, texts) = expected(&expectation.letters);
        let seen_mails = told_apart(&self.standins.inbox(&expectation.email).await);
        let seen_texts = told_apart(&self.standins.inbox(&expectation.phone).await);
        if (&seen_mails, &seen_texts) == (&mails, &texts) {
            return Ok(());
        }
        Err(format!(
            "e-mail {seen_mails:?} instead of {mails:?}, SMS {seen_texts:?} instead of {texts:?}"
        ))
    }

    async fn stop(self) {
        self.feeding.stop().await;
        self.watch.discard_log();
        drop(self.watch);
        self.standins.stop().await;
        self.copies.forget().await;
        // What is left are checks in the future; the fixture wants each looked at.
        self.rows.database.take_announcements().await;
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        "send-notification",
        "expire-orders",
    ] {
        let started = target.invoke(function, &nothing).await;
        started.unwrap_or_else(|error| panic!("{function}: {error}"));
    }
}
