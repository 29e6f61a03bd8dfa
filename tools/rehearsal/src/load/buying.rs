//! Placing an order.

use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::Market;
use super::answers::{a_placed_order, a_problem, text};
use super::browsing::Wish;
use super::memory::{Remembered, Sent, SoldOut};
use crate::record::Count;

/// Every customer's.
const NAME: &str = "Ada Obi";
const STREET: &str = "12 Allen Avenue";

/// An order that was placed, and where to pay it.
pub(super) struct Placed {
    pub(super) order: Remembered,
    pub(super) page: Option<String>,
}

impl Market {
    /// Orders something and goes on as customers do.
    pub(super) async fn buy(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let wish = self.choose(rng).await?;
        let on_delivery = rng.u8(0..12) == 0;
        let channel = if on_delivery { "on_delivery" } else { "card" };
        let Some(placed) = self.place(rng, &wish, channel).await? else {
            return Ok(());
        };
        if on_delivery {
            return self.see(&placed.order).await.map(drop);
        }
        self.go_on(rng, placed).await
    }

    /// Places an order; `None` where the shop says that it has sold out.
    async fn place(
        &self,
        rng: &mut Rng,
        wish: &Wish,
        channel: &str,
    ) -> anyhow::Result<Option<Placed>> {
        let quantity = rng.i64(1..4);
        let email = format!("customer-{:012x}@example.com", rng.u64(..) >> 16);
        let phone = format!("0803{:07}", rng.u32(0..10_000_000));
        let body = order_of(&wish.variant, quantity, &email, &phone, channel).to_string();
        let key = format!("{:032x}", rng.u128(..));
        let began = SystemTime::now();
        let sent = self.client.send(Method::POST, "/api/orders", |request| {
            keyed(request, &key, body.clone().into_bytes())
        });
        let answer = sent.await?;
        if answer.status == 409 {
            a_problem(&answer.json()?, "out_of_stock").with_context(|| answer.unexpected())?;
            self.record.count(Count::SoldOut);
            let (variant, ended) = (wish.variant.clone(), SystemTime::now());
            self.memory.sold_out(SoldOut {
                variant,
                wanted: quantity,
                began,
                ended,
            });
            return Ok(None);
        }
        let answer = answer.expect(201)?;
        let placed = answer.json()?;
        a_placed_order(&placed)?;
        let line = &placed["order"]["lines"][0];
        ensure!(
            line["unit_price"]["amount"] == wish.price,
            "another price than was shown: {line}"
        );
        ensure!(
            line["quantity"] == quantity,
            "another quantity than was ordered: {line}"
        );
        let order = remembered(&placed, &email)?;
        self.record.count(Count::Placed);
        for word in [
            &email,
            &phone,
            &order.token,
            &NAME.to_owned(),
            &STREET.to_owned(),
        ] {
            self.memory.keep_private(word);
        }
        self.memory.order(order.clone());
        if let Some(side) = answer.side {
            let (path, body) = ("/api/orders".to_owned(), body.into_bytes());
            self.memory.request(Sent {
                path,
                key,
                token: None,
                body,
                answer: answer.body,
                side,
            });
        }
        let page = placed["payment"]["authorization_url"]
            .as_str()
            .map(str::to_owned);
        Ok(Some(Placed { order, page }))
    }
}

/// A request as its customer repeats it, byte for byte.
pub(super) fn keyed(
    request: reqwest::RequestBuilder,
    key: &str,
    body: Vec<u8>,
) -> reqwest::RequestBuilder {
    request
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(body)
}

fn order_of(variant: &str, quantity: i64, email: &str, phone: &str, channel: &str) -> Value {
    json!({
        "items": [{ "variant_id": variant, "quantity": quantity }],
        "customer": { "name": NAME, "email": email, "phone": phone },
        "delivery_address": {
            "street": STREET, "landmark": "opposite the bank", "city": "Ikeja",
            "lga": "Ikeja", "state": "Lagos", "country": "NG",
        },
        "payment": { "channel": channel },
    })
}

fn remembered(placed: &Value, email: &str) -> anyhow::Result<Remembered> {
    Ok(Remembered {
        number: text(&placed["order"], "number")?,
        token: text(placed, "access_token")?,
        total: placed["order"]["total"]["amount"]
            .as_i64()
            .context("a total")?,
        email: email.to_owned(),
        reference: placed["payment"]["reference"].as_str().map(str::to_owned),
    })
}
