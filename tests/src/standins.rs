//! The other side: the payer at the payment page, the inbox, the provider's ledger.

use std::net::SocketAddr;

use invariants::Ledger;
use reqwest::{Client, StatusCode};
use runtime_api::Collector;
use sandbox::{Running, Sandbox, SandboxConfig};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::environment::client;

pub(crate) const PAYSTACK_KEY: &str = "sk_test_shop";
pub(crate) const TWILIO_ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TWILIO_TOKEN: &str = "shop-test-token";

/// A refund's stages take a second each instead of a minute; a refused webhook comes again after
/// three.
const TIME_SCALE: u32 = 60;

/// The stand-ins of one shop.
pub struct StandIns {
    running: Running,
    http: Client,
    collector: Collector,
}

/// A message as it reached somebody.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// `email` or `sms`.
    pub channel: String,
    /// The sender.
    pub from: String,
    /// Of an e-mail.
    pub subject: Option<String>,
    /// The text, or the text part.
    pub text: Option<String>,
    /// The HTML part of an e-mail.
    pub html: Option<String>,
}

impl StandIns {
    /// Starts them on free ports; webhooks go to the API.
    pub(crate) async fn start(api: &str) -> Self {
        let webhook = format!("{api}/api/webhooks/paystack");
        let config = SandboxConfig {
            shop_name: "MAD RUSH".to_owned(),
            paystack_secret_key: SecretString::from(PAYSTACK_KEY),
            webhook_url: Some(webhook.parse().expect("an address")),
            twilio_account_sid: TWILIO_ACCOUNT.to_owned(),
            twilio_auth_token: SecretString::from(TWILIO_TOKEN),
            api_url: api.parse().expect("an address"),
            time_scale: TIME_SCALE,
            ..SandboxConfig::for_tests()
        };
        let running = Sandbox::start(config).await.expect("the stand-ins start");
        Self {
            running,
            http: client(),
            collector: Collector::start(),
        }
    }

    /// Their address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// Where the functions' traces go.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    pub(crate) fn smtp(&self) -> SocketAddr {
        self.running.smtp_addr()
    }

    /// Orders a misbehaviour (the sandbox's `control`).
    ///
    /// # Panics
    /// Where the order is not understood.
    pub async fn misbehave(&self, rule: Value) {
        let url = format!("{}/control", self.url());
        let answer = self
            .http
            .post(url)
            .json(&rule)
            .send()
            .await
            .expect("the stand-ins answer");
        assert_eq!(answer.status(), StatusCode::OK, "{rule}");
    }

    /// What a payer does at the payment page; answers where the browser is sent, if it is.
    ///
    /// # Panics
    /// Where the page does not take it.
    pub async fn pay(&self, page: &str, outcome: &str) -> Option<String> {
        let form = [("outcome", outcome)];
        let answer = self
            .http
            .post(page)
            .form(&form)
            .send()
            .await
            .expect("the page answers");
        let status = answer.status();
        let location = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().expect("an address").to_owned());
        assert!(
            status == StatusCode::SEE_OTHER || status == StatusCode::OK,
            "{outcome}: {status}"
        );
        location
    }

    /// Everything that reached an e-mail address or a phone number, the newest first.
    ///
    /// # Panics
    /// Where the inbox does not answer.
    pub async fn inbox(&self, to: &str) -> Vec<Message> {
        let url = format!("{}/inbox/messages", self.url());
        let answer = self.http.get(url).query(&[("to", to)]).send().await;
        answer
            .expect("the inbox answers")
            .json()
            .await
            .expect("messages")
    }

    /// What the provider captured and gave back.
    ///
    /// # Panics
    /// Where the ledger does not answer.
    pub async fn ledger(&self) -> Ledger {
        let answer = self
            .http
            .get(format!("{}/paystack/ledger", self.url()))
            .send()
            .await;
        answer
            .expect("the ledger answers")
            .json()
            .await
            .expect("a ledger")
    }

    /// What the ledger says of one reference: captures as amount and currency, refunds as amount.
    ///
    /// # Panics
    /// Where the ledger does not answer.
    pub async fn money(&self, reference: &str) -> (Vec<(i64, String)>, Vec<i64>) {
        let ledger = self.ledger().await;
        let captured = ledger
            .captured
            .into_iter()
            .filter(|row| row.reference == reference);
        let refunded = ledger
            .refunded
            .into_iter()
            .filter(|row| row.reference == reference);
        (
            captured.map(|row| (row.amount, row.currency)).collect(),
            refunded.map(|row| row.amount).collect(),
        )
    }

    /// How many transactions the provider was told of under an e-mail address.
    ///
    /// # Panics
    /// Where the provider does not answer.
    pub async fn transactions_of(&self, email: &str) -> usize {
        let url = format!("{}/paystack/transaction", self.url());
        let request = self
            .http
            .get(url)
            .bearer_auth(PAYSTACK_KEY)
            .query(&[("perPage", "100")]);
        let answer: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let listed = answer["data"].as_array().expect("a list");
        listed
            .iter()
            .filter(|row| row["customer"]["email"] == json!(email))
            .count()
    }

    /// How often the provider's webhook was tried for a reference.
    ///
    /// # Panics
    /// Where the log of deliveries does not answer.
    pub async fn deliveries_of(&self, reference: &str) -> Vec<Option<u16>> {
        let answer = self
            .http
            .get(format!("{}/deliveries", self.url()))
            .send()
            .await;
        let log: Vec<Value> = answer.expect("an answer").json().await.expect("a list");
        let ours = log
            .iter()
            .filter(|row| row["reference"] == json!(reference));
        ours.map(|row| row["status"].as_u64().and_then(|s| u16::try_from(s).ok()))
            .collect()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}
