//! Paying, in the ways that customers have.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::answers::{a_payment, a_seen_order, text};
use super::buying::{Placed, keyed};
use super::memory::{Remembered, Sent};
use super::{Market, think};
use crate::record::Count;

/// Far beyond what a busy machine needs: an order that is not paid by then stays unpaid.
const PATIENCE: Duration = Duration::from_secs(60);

impl Market {
    /// What a customer does with an order.
    pub(super) async fn go_on(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        match rng.u8(0..12) {
            0..=4 => self.pay_and_return(rng, placed).await,
            // The browser is closed after paying: the webhook alone tells.
            5..=6 => self.pay_and_leave(rng, placed).await,
            7..=8 => self.try_twice(rng, placed).await,
            9 => self.pay_twice(rng, placed).await,
            10 => self.pay_late(rng, placed).await,
            _ => {
                self.memory.abandon(&placed.order.number);
                Ok(())
            }
        }
    }

    async fn pay_and_return(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        let page = self.page_of(rng, &placed).await?;
        let back = self
            .client
            .at_the_page(&page, "success")
            .await?
            .context("the browser is sent nowhere")?;
        let callback = self.client.path_of(&back)?;
        let answer = self
            .client
            .send(Method::GET, callback, |request| request)
            .await?
            .expect(303)?;
        let on = answer.header("location").unwrap_or_default();
        ensure!(
            on.starts_with(&self.storefront),
            "the callback sends on to {on:?}"
        );
        self.until_paid(rng, &placed.order).await
    }

    async fn pay_and_leave(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        let page = self.page_of(rng, &placed).await?;
        self.client.at_the_page(&page, "late").await?;
        self.until_paid(rng, &placed.order).await
    }

    /// The first card is declined; the second attempt is paid.
    async fn try_twice(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        let page = self.page_of(rng, &placed).await?;
        self.client.at_the_page(&page, "failed").await?;
        think(rng).await;
        let page = self.start_again(rng, &placed.order).await?;
        self.client.at_the_page(&page, "late").await?;
        self.until_paid(rng, &placed.order).await
    }

    /// Two pages open, both paid: one of the payments has to go back.
    async fn pay_twice(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        let first = self.page_of(rng, &placed).await?;
        let second = self.start_again(rng, &placed.order).await?;
        self.client.at_the_page(&first, "late").await?;
        self.client.at_the_page(&second, "late").await?;
        self.until_paid(rng, &placed.order).await
    }

    /// The order expires, and is paid after all: it comes to life again, or the money goes back.
    async fn pay_late(&self, rng: &mut Rng, placed: Placed) -> anyhow::Result<()> {
        let page = self.page_of(rng, &placed).await?;
        self.memory.abandon(&placed.order.number);
        self.until(rng, &placed.order, "to expire", |seen| {
            seen["status"] == "expired"
        })
        .await?;
        self.client.at_the_page(&page, "late").await?;
        let ended = |seen: &Value| has_money(seen) || is_returned(seen);
        let seen = self
            .until(
                rng,
                &placed.order,
                "to be paid, or its money to go back",
                ended,
            )
            .await?;
        if has_money(&seen) {
            self.record.count(Count::Paid);
        }
        Ok(())
    }

    /// Begins another attempt; answers its payment page.
    async fn start_again(&self, rng: &mut Rng, order: &Remembered) -> anyhow::Result<String> {
        let path = format!("/api/orders/{}/payments", order.number);
        let (key, body) = (
            format!("{:032x}", rng.u128(..)),
            json!({ "channel": "card" }).to_string().into_bytes(),
        );
        let sent = self.client.send(Method::POST, &path, |request| {
            keyed(request, &key, body.clone()).bearer_auth(&order.token)
        });
        let answer = sent.await?.expect(201)?;
        let attempt = answer.json()?;
        a_payment(&attempt)?;
        ensure!(
            attempt["amount"]["amount"] == order.total,
            "another amount than is owed: {attempt}"
        );
        if let Some(side) = answer.side {
            let token = Some(order.token.clone());
            self.memory.request(Sent {
                path,
                key,
                token,
                body,
                answer: answer.body,
                side,
            });
        }
        match attempt["authorization_url"].as_str() {
            Some(page) => Ok(page.to_owned()),
            None => {
                self.mailed_page(rng, order, &text(&attempt, "reference")?)
                    .await
            }
        }
    }

    /// The first attempt's payment page.
    async fn page_of(&self, rng: &mut Rng, placed: &Placed) -> anyhow::Result<String> {
        let reference = placed
            .order
            .reference
            .as_deref()
            .context("an order to be paid in advance")?;
        match &placed.page {
            Some(page) => Ok(page.clone()),
            None => self.mailed_page(rng, &placed.order, reference).await,
        }
    }

    /// Where the provider was slow the page comes later, by mail; the order shows it too.
    async fn mailed_page(
        &self,
        rng: &mut Rng,
        order: &Remembered,
        reference: &str,
    ) -> anyhow::Result<String> {
        let began = Instant::now();
        loop {
            let seen = self.see(order).await?;
            let payments = seen["payments"].as_array().into_iter().flatten();
            let page = payments
                .filter(|payment| payment["reference"] == reference)
                .find_map(|payment| payment["authorization_url"].as_str());
            if let Some(page) = page {
                return Ok(page.to_owned());
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "order {} never got a payment page",
                order.number
            );
            pause(rng).await;
        }
    }

    /// Looks at the order until it shows the money.
    async fn until_paid(&self, rng: &mut Rng, order: &Remembered) -> anyhow::Result<()> {
        self.until(rng, order, "to be paid", has_money).await?;
        self.record.count(Count::Paid);
        Ok(())
    }

    async fn until(
        &self,
        rng: &mut Rng,
        order: &Remembered,
        what: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let began = Instant::now();
        loop {
            let seen = self.see(order).await?;
            if is_so(&seen) {
                return Ok(seen);
            }
            if began.elapsed() > PATIENCE {
                bail!(
                    "order {} had {PATIENCE:?} {what}, and is {} and {}",
                    order.number,
                    seen["status"],
                    seen["payment_status"]
                );
            }
            pause(rng).await;
        }
    }

    /// Looks at an order; what was paid once must stay so.
    pub(super) async fn see(&self, order: &Remembered) -> anyhow::Result<Value> {
        let before = self.memory.was_paid(&order.number);
        let seen = self
            .client
            .read_with(&format!("/api/orders/{}", order.number), &order.token)
            .await?;
        a_seen_order(&seen)?;
        ensure!(
            seen["number"] == order.number,
            "another order than {}: {}",
            order.number,
            seen["number"]
        );
        ensure!(
            seen["total"]["amount"] == order.total,
            "order {} costs {}",
            order.number,
            seen["total"]
        );
        ensure!(
            seen["customer"]["email"] == order.email,
            "order {} is somebody else's",
            order.number
        );
        if has_money(&seen) {
            self.memory.paid(&order.number);
        } else {
            ensure!(
                !before,
                "order {} was paid and is {}",
                order.number,
                seen["payment_status"]
            );
        }
        Ok(seen)
    }
}

fn has_money(order: &Value) -> bool {
    order["payment_status"] == "paid" || order["payment_status"] == "overpaid"
}

fn is_returned(order: &Value) -> bool {
    let mut payments = order["payments"].as_array().into_iter().flatten();
    payments.any(|payment| payment["status"] == "returning" || payment["status"] == "refunded")
}

async fn pause(rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(150..350))).await;
}
