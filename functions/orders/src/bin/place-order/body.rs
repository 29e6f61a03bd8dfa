//! The request: what a storefront sends, and how it becomes a wish.

use std::collections::HashSet;

use checkout::{Item, PlaceOrder};
use domain::{
    Channel, Customer, DeliveryAddress, Email, Money, PersonName, Phone, Quantity, State, VariantId,
};
use edge::{Field, FieldErrors, Problem, Unknown};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The most lines an order may have.
const MOST_LINES: usize = 50;

/// An order to be placed.
#[derive(Deserialize, ToSchema)]
#[schema(as = PlaceOrder)]
pub(crate) struct PlaceOrderBody {
    /// What is bought; each variant once.
    #[schema(value_type = Vec<ItemBody>, min_items = 1, max_items = 50, required)]
    items: Field<Vec<Field<ItemBody>>>,
    #[schema(value_type = CustomerBody, required)]
    customer: Field<CustomerBody>,
    #[schema(value_type = AddressBody, required)]
    delivery_address: Field<AddressBody>,
    #[schema(value_type = PaymentChoiceBody, required)]
    payment: Field<PaymentChoiceBody>,
    /// What the customer was shown; another total is refused.
    #[schema(value_type = Option<edge::MoneyBody>, nullable = false)]
    expected_total: Field<Money>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// So many pieces of a variant.
#[derive(Deserialize, ToSchema)]
#[schema(as = OrderItem)]
pub(crate) struct ItemBody {
    #[schema(value_type = Uuid, required)]
    variant_id: Field<String>,
    #[schema(value_type = i64, minimum = 1, maximum = 999, required)]
    quantity: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// For whom.
#[derive(Deserialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerBody {
    #[schema(value_type = String, max_length = 120, example = "Ada Obi", required)]
    name: Field<String>,
    #[schema(value_type = String, format = "email", example = "ada@example.com", required)]
    email: Field<String>,
    /// As Nigerians write it, or E.164.
    #[schema(value_type = String, example = "08031234567", required)]
    phone: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Where to.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeliveryAddress)]
pub(crate) struct AddressBody {
    #[schema(value_type = String, max_length = 200, example = "12 Allen Avenue", required)]
    street: Field<String>,
    /// What the rider should look for.
    #[schema(value_type = Option<String>, max_length = 200, example = "opposite the bank")]
    landmark: Field<String>,
    #[schema(value_type = String, max_length = 200, example = "Ikeja", required)]
    city: Field<String>,
    /// Local government area.
    #[schema(value_type = String, max_length = 200, example = "Ikeja", required)]
    lga: Field<String>,
    /// One of the 36 states, or FCT.
    #[schema(value_type = String, example = "Lagos", required)]
    state: Field<String>,
    /// ISO 3166 alpha-2; the shop delivers within NG.
    #[schema(value_type = Option<String>, example = "NG")]
    country: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// How it is to be paid.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentChoice)]
pub(crate) struct PaymentChoiceBody {
    /// `card`, `bank_transfer`, `ussd` or `on_delivery`.
    #[schema(value_type = String, example = "card", required)]
    channel: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PlaceOrderBody {
    /// The wish, or every fault at once.
    pub(crate) fn check(self) -> Result<PlaceOrder, Problem> {
        let mut errors = FieldErrors::new();
        errors.refuse_unknown(&self.unknown);
        let mut named = HashSet::new();
        let items = errors.list("items", self.items, 1..=MOST_LINES, |item, errors| {
            item.check(errors, &mut named)
        });
        let customer = errors.object("customer", self.customer, CustomerBody::check);
        let address = errors.object(
            "delivery_address",
            self.delivery_address,
            AddressBody::check,
        );
        let channel = errors.object("payment", self.payment, PaymentChoiceBody::check);
        let expected_total = errors.optional_value("expected_total", self.expected_total);
        let wish = || {
            Some(PlaceOrder {
                items: items?,
                customer: customer?,
                delivery_address: address?,
                channel: channel?,
                expected_total,
            })
        };
        errors.finish(wish())
    }
}

impl ItemBody {
    /// `named` holds the variants of the lines before; each may be named once.
    fn check(self, errors: &mut FieldErrors, named: &mut HashSet<Uuid>) -> Option<Item> {
        errors.refuse_unknown(&self.unknown);
        let variant = errors.id("variant_id", self.variant_id);
        if variant.is_some_and(|variant| !named.insert(variant)) {
            let detail = "is in the list already; raise its quantity";
            errors.push("variant_id", "duplicate_line", detail);
        }
        let quantity = errors.required("quantity", self.quantity, Quantity::new);
        Some(Item {
            variant: VariantId::from(variant?),
            quantity: quantity?,
        })
    }
}

impl CustomerBody {
    fn check(self, errors: &mut FieldErrors) -> Option<Customer> {
        errors.refuse_unknown(&self.unknown);
        let name = errors.required("name", self.name, |text: String| PersonName::parse(&text));
        let email = errors.required("email", self.email, |text: String| Email::parse(&text));
        let phone = errors.required("phone", self.phone, |text: String| Phone::parse(&text));
        Some(Customer {
            name: name?,
            email: email?,
            phone: phone?,
        })
    }
}

impl AddressBody {
    fn check(self, errors: &mut FieldErrors) -> Option<DeliveryAddress> {
        errors.refuse_unknown(&self.unknown);
        let part = |text: String| DeliveryAddress::part(&text);
        let street = errors.required("street", self.street, part);
        let landmark = errors.optional("landmark", self.landmark, part);
        let city = errors.required("city", self.city, part);
        let lga = errors.required("lga", self.lga, part);
        let state = errors.required("state", self.state, |text: String| State::parse(&text));
        errors.optional("country", self.country, |text: String| {
            DeliveryAddress::country(&text)
        });
        let landmark = landmark.as_deref();
        DeliveryAddress::new(&street?, landmark, &city?, &lga?, state?).ok()
    }
}

impl PaymentChoiceBody {
    fn check(self, errors: &mut FieldErrors) -> Option<Channel> {
        errors.refuse_unknown(&self.unknown);
        errors.word("channel", self.channel, Channel::ALL)
    }
}
