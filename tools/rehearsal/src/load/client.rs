//! A customer's browser: every request is timed, every answer looked at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, redirect};
use serde_json::Value;

use crate::front::VERSION;
use crate::record::Record;
use crate::version::Side;

/// Longer than the gateway waits.
const LIMIT: Duration = Duration::from_secs(40);

/// Requests to the shop, which are counted, and to the payment page, which are not.
pub(crate) struct Client {
    http: reqwest::Client,
    api: String,
    record: Arc<Record>,
}

/// An answer of the shop.
pub(crate) struct Answer {
    /// Method and path, to name it by.
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Who gave it.
    pub(crate) side: Option<Side>,
}

impl Client {
    pub(crate) fn new(api: String, record: Arc<Record>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(LIMIT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, api, record })
    }

    /// Sends a request to the shop; `path` begins with a slash.
    ///
    /// # Errors
    /// Where no answer comes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Answer> {
        let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let request = fill(self.http.request(method, format!("{}{path}", self.api)));
        let began = Instant::now();
        let answer = request
            .send()
            .await
            .with_context(|| format!("{what}: no answer"))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer
            .bytes()
            .await
            .with_context(|| format!("{what}: half an answer"))?
            .to_vec();
        let side = headers
            .get(VERSION)
            .and_then(|name| Side::named(name.to_str().ok()?));
        self.record.answered(began.elapsed(), side);
        Ok(Answer {
            what,
            status,
            headers,
            body,
            side,
        })
    }

    /// Reads a public page.
    ///
    /// # Errors
    /// Where it is not answered with 200 and JSON.
    pub(crate) async fn read(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, |request| request)
            .await?
            .expect(200)?
            .json()
    }

    /// Reads what only a token opens.
    ///
    /// # Errors
    /// Where it is not answered with 200 and JSON.
    pub(crate) async fn read_with(&self, path: &str, token: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, |request| request.bearer_auth(token))
            .await?
            .expect(200)?
            .json()
    }

    /// What a payer does at the payment page; answers where the browser is sent, if it is.
    ///
    /// # Errors
    /// Where the page does not take it.
    pub(crate) async fn at_the_page(
        &self,
        page: &str,
        outcome: &str,
    ) -> anyhow::Result<Option<String>> {
        let answer = self
            .http
            .post(page)
            .form(&[("outcome", outcome)])
            .send()
            .await
            .context("the payment page")?;
        let status = answer.status().as_u16();
        if status != 303 && status != 200 {
            bail!("the payment page answered {status} to {outcome}");
        }
        let location = answer
            .headers()
            .get("location")
            .and_then(|to| to.to_str().ok());
        Ok(location.map(str::to_owned))
    }

    /// The path, with its query, of an address of the shop.
    pub(crate) fn path_of<'a>(&self, address: &'a str) -> anyhow::Result<&'a str> {
        address
            .strip_prefix(&self.api)
            .with_context(|| format!("{address} is not the shop's"))
    }
}

impl Answer {
    /// # Errors
    /// Where it has another status.
    pub(crate) fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        Err(self.unexpected())
    }

    /// What is to be said of an answer that should not be.
    pub(crate) fn unexpected(&self) -> anyhow::Error {
        let side = self.side.map_or("nobody", Side::name);
        let body: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(400)
            .collect();
        anyhow::anyhow!("{} answered {} by {side}: {body}", self.what, self.status)
    }

    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{}: no JSON", self.what))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
