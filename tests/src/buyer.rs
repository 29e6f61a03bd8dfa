//! A guest with an e-mail address and a phone of her own, and what she does.

use domain::VariantId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::patience::eventually;
use crate::shop::Shop;

/// Every guest's.
const NAME: &str = "Ada Obi";
const STREET: &str = "12 Allen Avenue";

/// A guest.
pub struct Buyer<'a> {
    shop: &'a Shop,
    /// Nobody else's.
    pub email: String,
    /// Nobody else's, as Nigerians write it.
    pub phone: String,
}

/// A placed order, as its buyer was answered.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its public name.
    pub number: String,
    /// What it costs, in kobo.
    pub total: i64,
    /// Opens it.
    pub access_token: String,
    /// The answer's `order`.
    pub order: Value,
    /// The first attempt to pay it; none where the rider takes the money.
    pub payment: Option<Attempt>,
}

/// An attempt to pay, as its buyer was answered.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its name at the provider.
    pub reference: String,
    /// In kobo.
    pub amount: i64,
    /// `pending` …
    pub status: String,
    /// The payment page, once the provider has answered.
    pub page: Option<String>,
}

impl Placed {
    /// The reference and the page of the first attempt.
    ///
    /// # Panics
    /// Where there is none yet.
    #[must_use]
    pub fn first(&self) -> (&str, &str) {
        let attempt = self
            .payment
            .as_ref()
            .expect("an order to be paid in advance");
        let page = attempt.page.as_deref().expect("the provider has answered");
        (&attempt.reference, page)
    }
}

impl Attempt {
    fn read(body: &Value) -> Self {
        Self {
            reference: text(&body["reference"]),
            amount: body["amount"]["amount"].as_i64().expect("an amount"),
            status: text(&body["status"]),
            page: body["authorization_url"].as_str().map(str::to_owned),
        }
    }
}

impl<'a> Buyer<'a> {
    pub(crate) fn new(shop: &'a Shop) -> Self {
        let id = Uuid::new_v4().as_u128();
        let buyer = Self {
            shop,
            email: format!("buyer-{:012x}@example.com", id >> 80),
            phone: format!("0803{:07}", id % 10_000_000),
        };
        for word in [&buyer.email, &buyer.phone, &buyer.phone_abroad()] {
            shop.keep_private(word);
        }
        buyer
    }

    /// Her phone in E.164.
    #[must_use]
    pub fn phone_abroad(&self) -> String {
        format!("+234{}", self.phone.trim_start_matches('0'))
    }

    /// Orders so many of a variant, to be paid on a channel, delivered to Lagos.
    ///
    /// # Panics
    /// Where the order is not taken.
    pub async fn places(&self, variant: VariantId, quantity: i64, channel: &str) -> Placed {
        let body = json!({
            "items": [{ "variant_id": variant.uuid(), "quantity": quantity }],
            "customer": { "name": NAME, "email": self.email, "phone": self.phone },
            "delivery_address": {
                "street": STREET, "landmark": "opposite the bank", "city": "Ikeja",
                "lga": "Ikeja", "state": "Lagos", "country": "NG",
            },
            "payment": { "channel": channel },
        });
        let request = self.shop.http().post(self.shop.route("/api/orders"));
        let request = request
            .header("idempotency-key", Uuid::new_v4().to_string())
            .json(&body);
        let (status, answer) = self.shop.ask(request).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let access_token = text(&answer["access_token"]);
        for word in [NAME, STREET, &access_token] {
            self.shop.keep_private(word);
        }
        Placed {
            number: text(&answer["order"]["number"]),
            total: answer["order"]["total"]["amount"]
                .as_i64()
                .expect("a total"),
            access_token,
            payment: answer["payment"]
                .is_object()
                .then(|| Attempt::read(&answer["payment"])),
            order: answer["order"].clone(),
        }
    }

    /// Starts to pay once more, by card.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn starts_again(&self, order: &Placed) -> Attempt {
        let url = self
            .shop
            .route(&format!("/api/orders/{}/payments", order.number));
        let request = self.shop.http().post(url).bearer_auth(&order.access_token);
        let request = request.header("idempotency-key", Uuid::new_v4().to_string());
        let (status, answer) = self
            .shop
            .ask(request.json(&json!({ "channel": "card" })))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        Attempt::read(&answer)
    }

    /// Looks at her order.
    ///
    /// # Panics
    /// Where it is not shown.
    pub async fn sees(&self, order: &Placed) -> Value {
        let url = self.shop.route(&format!("/api/orders/{}", order.number));
        let request = self.shop.http().get(url).bearer_auth(&order.access_token);
        let (status, answer) = self.shop.ask(request).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Looks at her order, and at nothing that would settle it, until it is in these states.
    ///
    /// # Panics
    /// Where that does not come.
    pub async fn sees_become(&self, order: &Placed, status: &str, payment_status: &str) -> Value {
        let what = format!("order {} to be {status} and {payment_status}", order.number);
        eventually(&what, async || {
            let seen = self.sees(order).await;
            let there =
                seen["status"] == json!(status) && seen["payment_status"] == json!(payment_status);
            if there {
                Ok(seen)
            } else {
                Err(seen.to_string())
            }
        })
        .await
    }

    /// Goes where the payment page sends her browser; answers where the shop sends it on.
    ///
    /// # Panics
    /// Where the shop does not send it on.
    pub async fn returns(&self, callback: Option<String>) -> String {
        let callback = callback.expect("the page sends the browser back");
        assert!(
            callback.starts_with(&self.shop.route("/api/payments/callback?")),
            "{callback}"
        );
        let answer = self
            .shop
            .http()
            .get(callback)
            .send()
            .await
            .expect("the callback answers");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let location = answer
            .headers()
            .get("location")
            .expect("a place to go on to");
        location.to_str().expect("an address").to_owned()
    }
}

/// The states of an order's attempts, the oldest first.
///
/// # Panics
/// Where this is no order.
#[must_use]
pub fn attempts(order: &Value) -> Vec<(String, String)> {
    let payments = order["payments"].as_array().expect("payments");
    payments
        .iter()
        .map(|payment| (text(&payment["reference"]), text(&payment["status"])))
        .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}
