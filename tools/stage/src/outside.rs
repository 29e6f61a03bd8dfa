//! The outside world: what the providers are told to do, and what has reached people.

use serde_json::{Value, json};

use crate::Stage;

impl Stage {
    /// Orders a stand-in to misbehave; see the sandbox's `/control`.
    ///
    /// # Panics
    /// Where it does not know the order.
    pub async fn control(&self, rule: Value) {
        self.tell("/control", &rule).await;
    }

    /// Posts JSON to the stand-ins.
    ///
    /// # Panics
    /// Where they refuse it.
    pub async fn tell(&self, path: &str, body: &Value) {
        let url = format!("{}{path}", self.sandbox.url());
        let answer = self.http.post(url).json(body).send().await;
        let status = answer.expect("the stand-ins answer").status();
        assert!(status.is_success(), "{path} {body}: {status}");
    }

    /// Reads JSON from the stand-ins.
    ///
    /// # Panics
    /// Where they do not answer.
    pub async fn ask(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let answer = self
            .http
            .get(url)
            .send()
            .await
            .expect("the stand-ins answer");
        answer.json().await.expect("JSON")
    }

    /// The payer's choice on a payment page: `success`, `failed`, `underpaid` …
    ///
    /// # Panics
    /// Where the page does not take it.
    pub async fn pay(&self, page: &str, outcome: &str) {
        let answer = self
            .http
            .post(page)
            .form(&[("outcome", outcome)])
            .send()
            .await;
        let status = answer.expect("the payment page answers").status();
        assert!(
            !status.is_client_error() && !status.is_server_error(),
            "{outcome}: {status}"
        );
    }

    /// What the provider captured and refunded: `(reference, amount)` each.
    ///
    /// # Panics
    /// Where the ledger cannot be read.
    pub async fn ledger(&self) -> Value {
        let ledger = self.ask("/paystack/ledger").await;
        let brief = |rows: &Value| -> Vec<Value> {
            let rows = rows.as_array().expect("rows");
            let brief = |row: &Value| json!([row["reference"], row["amount"], row["currency"]]);
            rows.iter().map(brief).collect()
        };
        json!({ "captured": brief(&ledger["captured"]), "refunded": brief(&ledger["refunded"]) })
    }

    /// The messages that have reached a person, newest first.
    ///
    /// # Panics
    /// Where the inbox cannot be read.
    pub async fn inbox(&self, to: &str) -> Vec<Value> {
        let to = to.replace('+', "%2B");
        let messages = self.ask(&format!("/inbox/messages?to={to}")).await;
        messages.as_array().expect("messages").clone()
    }
}
