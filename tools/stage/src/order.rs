//! An order, made by the shop's own use-cases.

use checkout::{Claim, Item, Opening, PlaceOrder, open_payment, price, write};
use domain::{
    Cause, Channel, Customer, DeliveryAddress, Email, OrderId, PaymentReference, PersonName, Phone,
    Quantity, State, VariantId,
};
use payments::Attempt;

use crate::Stage;

/// An order about to be placed; by default two pieces, by card, to Lagos, its payment page open.
#[derive(Debug, Clone)]
pub struct AnOrder<'a> {
    stage: &'a Stage,
    variant: VariantId,
    quantity: i64,
    channel: Channel,
    email: &'a str,
    phone: &'a str,
    opened: bool,
}

/// An order as it was placed.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its identity.
    pub id: OrderId,
    /// Its public name.
    pub number: String,
    /// The token that opens it.
    pub token: String,
    /// Its first attempt to pay; none on delivery.
    pub attempt: Option<Attempt>,
}

impl Stage {
    /// An order of a variant.
    #[must_use]
    pub fn an_order(&self, variant: VariantId) -> AnOrder<'_> {
        AnOrder {
            stage: self,
            variant,
            quantity: 2,
            channel: Channel::Card,
            email: "ada@example.com",
            phone: "08031234567",
            opened: true,
        }
    }

    /// Why the stage does something.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::new(self.resources.clock.now(), "stage", "req-of-the-stage")
    }

    /// The token that opens an order.
    #[must_use]
    pub fn token(&self, order: OrderId) -> String {
        self.access.token(order)
    }
}

impl AnOrder<'_> {
    /// So many pieces.
    #[must_use]
    pub fn quantity(mut self, quantity: i64) -> Self {
        self.quantity = quantity;
        self
    }

    /// To be paid in this way.
    #[must_use]
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    /// The provider has not heard of its payment, and nobody is telling it.
    #[must_use]
    pub fn unopened(mut self) -> Self {
        self.opened = false;
        self
    }

    /// Places it. What it announces is taken out of the outbox: no test of what follows wants it.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn place(self) -> Placed {
        let Self {
            stage,
            opened,
            variant,
            ..
        } = self;
        let (resources, cause) = (&stage.resources, stage.cause());
        let mut connection = resources.database.connection().await.expect("a connection");
        let order = price(&mut connection, cause.at, &resources.terms, &self.wish())
            .await
            .expect("it can be bought");
        drop(connection);
        let mut tx = resources.database.begin().await.expect("a transaction");
        write(&mut tx, &cause, &resources.sealer, &order)
            .await
            .expect("it is written");
        tx.commit().await.expect("it is committed");
        let id = order.id;
        stage
            .execute(&format!(
                "DELETE FROM outbox WHERE payload->>'order_id' = '{id}'
                     OR type = 'stock.changed' AND payload->>'variant_id' = '{variant}';
                 UPDATE payments SET initialising_until = NULL WHERE order_id = '{id}'"
            ))
            .await;
        let attempt = stage.latest_attempt(id).await;
        let attempt = match attempt {
            Some(attempt) if opened => Some(stage.open(&attempt.reference).await),
            other => other,
        };
        Placed {
            id,
            number: order.number.to_string(),
            token: stage.token(id),
            attempt,
        }
    }

    fn wish(&self) -> PlaceOrder {
        let lagos = State::parse("Lagos").expect("a state");
        let address = DeliveryAddress::new("12 Allen Avenue", None, "Ikeja", "Ikeja", lagos);
        PlaceOrder {
            items: vec![Item {
                variant: self.variant,
                quantity: Quantity::new(self.quantity).expect("a quantity"),
            }],
            customer: Customer {
                name: PersonName::parse("Ada Obi").expect("a name"),
                email: Email::parse(self.email).expect("an address"),
                phone: Phone::parse(self.phone).expect("a number"),
            },
            delivery_address: address.expect("an address"),
            channel: self.channel,
            expected_total: None,
        }
    }
}

impl<'a> AnOrder<'a> {
    /// For whom: where messages about it go.
    #[must_use]
    pub fn for_person(mut self, email: &'a str, phone: &'a str) -> Self {
        (self.email, self.phone) = (email, phone);
        self
    }
}

impl Stage {
    /// The newest attempt to pay an order.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn latest_attempt(&self, order: OrderId) -> Option<Attempt> {
        payments::latest(&mut self.db.connect().await, order)
            .await
            .expect("payments can be read")
    }

    /// Tells the provider about an attempt.
    ///
    /// # Panics
    /// Where it does not take it.
    pub async fn open(&self, reference: &PaymentReference) -> Attempt {
        match open_payment(&self.resources, &self.cause(), reference, Claim::Take).await {
            Ok(Opening::Opened(attempt)) => attempt,
            other => panic!("the payment is not open: {other:?}"),
        }
    }
}

impl Placed {
    /// The reference of its first attempt.
    ///
    /// # Panics
    /// Where it is paid on delivery.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.attempt
            .as_ref()
            .expect("an attempt")
            .reference
            .as_str()
    }

    /// The page on which its first attempt is paid.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn page(&self) -> &str {
        let url = self
            .attempt
            .as_ref()
            .and_then(|a| a.authorization_url.as_deref());
        url.expect("a payment page")
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}
