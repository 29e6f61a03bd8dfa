//! The outside systems, and what they saw.

use std::net::SocketAddr;

use anyhow::Context as _;
use invariants::Ledger;
use reqwest::Client;
use sandbox::{Running, Sandbox, SandboxConfig};
use secrecy::SecretString;
use serde_json::Value;

pub(crate) const PAYSTACK_KEY: &str = "sk_test_rehearsal";
pub(crate) const TWILIO_ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TWILIO_TOKEN: &str = "rehearsal-token";

/// A refund's stages take a second each instead of a minute; a refused webhook comes again after
/// three.
const TIME_SCALE: u32 = 60;

/// The stand-ins of one rehearsal.
pub(crate) struct Standins {
    running: Running,
    http: Client,
}

impl Standins {
    /// Starts them on free ports; webhooks go to the API.
    pub(super) async fn start(api: &str) -> anyhow::Result<Self> {
        let webhook = format!("{api}/api/webhooks/paystack");
        let config = SandboxConfig {
            shop_name: "MAD RUSH".to_owned(),
            paystack_secret_key: SecretString::from(PAYSTACK_KEY),
            webhook_url: Some(webhook.parse().context("the webhooks' address")?),
            twilio_account_sid: TWILIO_ACCOUNT.to_owned(),
            twilio_auth_token: SecretString::from(TWILIO_TOKEN),
            api_url: api.parse().context("the API's address")?,
            time_scale: TIME_SCALE,
            ..SandboxConfig::for_tests()
        };
        Ok(Self {
            running: Sandbox::start(config).await?,
            http: Client::builder().no_proxy().build()?,
        })
    }

    pub(crate) fn url(&self) -> &str {
        self.running.url()
    }

    pub(crate) fn smtp(&self) -> SocketAddr {
        self.running.smtp_addr()
    }

    /// What the provider captured and gave back.
    pub(crate) async fn ledger(&self) -> anyhow::Result<Ledger> {
        Ok(self
            .http
            .get(format!("{}/paystack/ledger", self.url()))
            .send()
            .await?
            .json()
            .await?)
    }

    /// Deliveries of webhooks: how many there were, and those that the shop did not take.
    pub(crate) async fn deliveries(&self) -> anyhow::Result<(usize, Vec<String>)> {
        let log: Vec<Value> = self
            .http
            .get(format!("{}/deliveries", self.url()))
            .send()
            .await?
            .json()
            .await?;
        let refused = log.iter().filter(|row| row["status"] != 200);
        let told = refused.map(|row| {
            format!(
                "{} of {}: {}",
                row["event"], row["reference"], row["status"]
            )
        });
        Ok((log.len(), told.collect()))
    }

    /// Whom a receipt was mailed to, once for each mail.
    pub(crate) async fn receipts(&self) -> anyhow::Result<Vec<String>> {
        let mails: Vec<Value> = self
            .http
            .get(format!("{}/inbox/messages", self.url()))
            .send()
            .await?
            .json()
            .await?;
        let receipts = mails.iter().filter(|mail| {
            mail["subject"]
                .as_str()
                .is_some_and(|subject| subject.starts_with("Your receipt for"))
        });
        Ok(receipts
            .filter_map(|mail| mail["to"].as_str().map(str::to_owned))
            .collect())
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }
}
