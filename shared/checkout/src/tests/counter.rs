//! A counter to sell over: a database, a provider, a product.

use base64_key::KEY;
use chrono::TimeDelta;
use database::idempotency::{Begun, IdempotencyKey};
use database::testing::TestDatabase;
use domain::{
    AttemptStatus, Cause, Channel, Clock, Customer, DeliveryAddress, Email, OrderId, OrderStatus,
    PaymentReference, PaymentStatus, PersonName, Phone, Quantity, State, VariantId,
};
use orders::OrderSummary;
use payments::Attempt;
use sandbox::{Running, Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::{
    Claim, Item, Opening, PlaceOrder, PlaceOrderError, Resources, Terms, open_payment, place, price,
};

mod base64_key {
    /// A key of 32 zero bytes, in the form of `ENCRYPTION_KEY`.
    pub(super) const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
}

pub(super) struct Counter {
    pub(super) db: TestDatabase,
    pub(super) shop: Resources,
    pub(super) provider: Running,
    http: reqwest::Client,
}

impl Counter {
    pub(super) async fn open() -> Self {
        let db = TestDatabase::create().await;
        let provider = Sandbox::start(SandboxConfig::for_tests()).await.unwrap();
        let address = provider.paystack_url().to_string();
        let shop = settings::read_from(
            move |name| match name {
                "PAYSTACK_SECRET_KEY" => Some("sk_test_sandbox".to_owned()),
                "PAYSTACK_BASE_URL" => Some(address.clone()),
                "NEXT_PUBLIC_API_URL" => Some("http://shop.test".to_owned()),
                "ENCRYPTION_KEY" => Some(KEY.to_owned()),
                _ => None,
            },
            |env| {
                let paystack = paystack::PaystackSettings::read(env);
                (
                    paystack,
                    sealing::Sealer::read(env).unwrap(),
                    Terms::read(env),
                )
            },
        );
        let (paystack, sealer, terms) = shop.unwrap();
        let shop = Resources {
            database: db.database.clone(),
            paystack: paystack::Paystack::new(&paystack).unwrap(),
            sealer,
            clock: Clock::fixed(Clock::system().now()),
            terms,
        };
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            db,
            shop,
            provider,
            http,
        }
    }

    pub(super) fn cause(&self) -> Cause {
        Cause::new(self.shop.clock.now(), "test", "request")
    }

    pub(super) async fn a_product(&self, on_hand: i64) -> VariantId {
        stock::testing::a_product(&mut self.db.connect().await, 500_000, on_hand).await
    }

    pub(super) fn wish(variant: VariantId, quantity: i64) -> PlaceOrder {
        let lagos = State::parse("Lagos").unwrap();
        PlaceOrder {
            items: vec![Item {
                variant,
                quantity: Quantity::new(quantity).unwrap(),
            }],
            customer: Customer {
                name: PersonName::parse("Canary Adaeze").unwrap(),
                email: Email::parse("canary.adaeze@example.com").unwrap(),
                phone: Phone::parse("08031234567").unwrap(),
            },
            delivery_address: DeliveryAddress::new(
                "12 Canary Avenue",
                None,
                "Ikeja",
                "Ikeja",
                lagos,
            )
            .unwrap(),
            channel: Channel::Card,
            expected_total: None,
        }
    }

    pub(super) fn key(name: &str) -> IdempotencyKey {
        IdempotencyKey {
            scope: "test".into(),
            key: name.into(),
            request_hash: vec![1],
        }
    }

    /// Places a wish, the way `place-order` does, without opening its payment.
    pub(super) async fn place(&self, wish: &PlaceOrder) -> Result<OrderId, PlaceOrderError> {
        let cause = self.cause();
        let mut tx = self.shop.database.begin().await?;
        let order = price(&mut tx, cause.at, &self.shop.terms, wish).await?;
        let key = Self::key(&order.id.to_string());
        let begun = place(&mut tx, &cause, &self.shop.sealer, &key, &order).await?;
        assert_eq!(begun, Begun::New);
        tx.commit().await?;
        Ok(order.id)
    }

    /// An order of two pieces whose payment is open; its only attempt.
    pub(super) async fn an_open_order(&self, variant: VariantId) -> Attempt {
        let order = self.place(&Self::wish(variant, 2)).await.unwrap();
        self.opened(order, Claim::Held).await
    }

    pub(super) async fn opened(&self, order: OrderId, claim: Claim) -> Attempt {
        let attempt = self.latest(order).await;
        match open_payment(&self.shop, &self.cause(), &attempt.reference, claim)
            .await
            .unwrap()
        {
            Opening::Opened(attempt) => attempt,
            other @ (Opening::Already(_) | Opening::Busy(_) | Opening::Replaced(_)) => {
                panic!("{other:?}")
            }
        }
    }

    pub(super) async fn latest(&self, order: OrderId) -> Attempt {
        payments::latest(&mut self.db.connect().await, order)
            .await
            .unwrap()
            .unwrap()
    }

    pub(super) async fn attempt(&self, reference: &PaymentReference) -> Attempt {
        payments::by_reference(&mut self.db.connect().await, reference)
            .await
            .unwrap()
            .unwrap()
    }

    pub(super) async fn order(&self, id: OrderId) -> OrderSummary {
        orders::summary(&mut self.db.connect().await, id)
            .await
            .unwrap()
    }

    /// What the payer does on the provider's page.
    pub(super) async fn payer(&self, attempt: &Attempt, outcome: &str) {
        let page = attempt.authorization_url.as_deref().unwrap();
        let answer = self
            .http
            .post(page)
            .form(&[("outcome", outcome)])
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_redirection() || answer.status().is_success(),
            "{answer:?}"
        );
    }

    /// Has the provider misbehave.
    pub(super) async fn misbehave(&self, rule: Value) {
        let control = format!("{}/control", self.provider.url());
        let answer = self.http.post(control).json(&rule).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    pub(super) async fn ledger(&self) -> invariants::Ledger {
        let ledger = format!("{}/paystack/ledger", self.provider.url());
        self.http
            .get(ledger)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(super) async fn refuses(&self, target: &str, times: u32) {
        self.misbehave(json!({"target": target, "action": "refuse", "times": times}))
            .await;
    }

    pub(super) async fn expect(
        &self,
        order: OrderId,
        status: OrderStatus,
        payment_status: PaymentStatus,
    ) {
        let order = self.order(order).await;
        assert_eq!(
            (order.status, order.payment_status),
            (status, payment_status)
        );
    }

    pub(super) async fn expect_attempt(&self, attempt: &Attempt, status: AttemptStatus) {
        assert_eq!(self.attempt(&attempt.reference).await.status, status);
    }

    pub(super) fn pass(&self, time: TimeDelta) {
        self.shop.clock.advance(time);
    }

    pub(super) async fn counters(&self, variant: VariantId) -> (i64, i64) {
        stock::testing::counters(&mut self.db.connect().await, variant).await
    }

    pub(super) async fn alerts(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM activity WHERE alert ORDER BY id")
            .fetch_all(&mut self.db.connect().await)
            .await
            .unwrap()
    }

    /// Closes the counter: the books must be in order, and nothing personal may stand in them.
    pub(super) async fn close(self, announced: &[&str]) {
        assert_eq!(self.db.take_announcements().await, announced);
        let mut connection = self.db.connect().await;
        let ledger = self.ledger().await;
        invariants::check(&mut connection, Some(&ledger))
            .await
            .unwrap()
            .assert_holds();
        let planted = ["canary", "+2348031234567", "sk_test_sandbox"];
        invariants::check_canaries(&mut connection, &planted)
            .await
            .unwrap()
            .assert_holds();
        drop(connection);
        self.provider.stop().await;
    }
}
