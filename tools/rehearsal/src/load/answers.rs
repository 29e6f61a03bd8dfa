//! What answers must look like: the fields that storefronts rely on (design/api.md, "Shapes that stay
//! fixed"). Fields may be added by a version, and none may go or change its kind.

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// A field's kind.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    TextOrNull,
    List,
    Object,
    ObjectOrNull,
    /// Minor units and a currency.
    Money,
    MoneyOrNull,
    Number,
}

use Kind::{List, Money, MoneyOrNull, Number, Object, ObjectOrNull, Text, TextOrNull};

type Shape = [(&'static str, Kind)];

const PAGE: &Shape = &[
    ("items", List),
    ("next_cursor", TextOrNull),
    ("facets", Object),
];

const LISTED: &Shape = &[
    ("id", Text),
    ("slug", Text),
    ("name", Text),
    ("price", Money),
    ("compare_at_price", MoneyOrNull),
    ("availability", Text),
    ("image", ObjectOrNull),
    ("category", Object),
];

const PRODUCT: &Shape = &[
    ("id", Text),
    ("slug", Text),
    ("name", Text),
    ("description", Text),
    ("category", Object),
    ("breadcrumbs", List),
    ("options", List),
    ("variants", List),
    ("images", List),
    ("version", Number),
];

const VARIANT: &Shape = &[
    ("id", Text),
    ("sku", Text),
    ("options", Object),
    ("price", Money),
    ("compare_at_price", MoneyOrNull),
    ("availability", Text),
];

const PLACED: &Shape = &[
    ("order", Object),
    ("payment", ObjectOrNull),
    ("access_token", Text),
];

const ORDER: &Shape = &[
    ("number", Text),
    ("status", Text),
    ("payment_status", Text),
    ("fulfilment_status", Text),
    ("currency", Text),
    ("total", Money),
    ("subtotal", Money),
    ("discount", Money),
    ("delivery", Money),
    ("tax", Money),
    ("lines", List),
    ("placed_at", Text),
    ("expires_at", TextOrNull),
];

const SEEN: &Shape = &[
    ("payments", List),
    ("timeline", List),
    ("fulfilments", List),
];

const LINE: &Shape = &[
    ("sku", Text),
    ("name", Text),
    ("quantity", Number),
    ("unit_price", Money),
    ("total", Money),
];

const PAYMENT: &Shape = &[
    ("reference", Text),
    ("status", Text),
    ("amount", Money),
    ("authorization_url", TextOrNull),
    ("bank_account", ObjectOrNull),
    ("expires_at", TextOrNull),
];

const PROBLEM: &Shape = &[
    ("type", Text),
    ("title", Text),
    ("status", Number),
    ("detail", Text),
    ("code", Text),
    ("request_id", Text),
];

/// A page of products.
pub(super) fn a_page(answer: &Value) -> anyhow::Result<&Vec<Value>> {
    shaped("a page of products", answer, PAGE)?;
    let items = answer["items"].as_array().context("items")?;
    for item in items {
        shaped("a listed product", item, LISTED)?;
    }
    Ok(items)
}

/// A product with its variants.
pub(super) fn a_product(answer: &Value) -> anyhow::Result<&Vec<Value>> {
    shaped("a product", answer, PRODUCT)?;
    let variants = answer["variants"].as_array().context("variants")?;
    for variant in variants {
        shaped("a variant", variant, VARIANT)?;
    }
    Ok(variants)
}

/// The answer to placing an order.
pub(super) fn a_placed_order(answer: &Value) -> anyhow::Result<()> {
    shaped("a placed order", answer, PLACED)?;
    an_order(&answer["order"])?;
    if answer["payment"].is_object() {
        a_payment(&answer["payment"])?;
    }
    Ok(())
}

/// An order as its customer sees it, with payments and timeline.
pub(super) fn a_seen_order(answer: &Value) -> anyhow::Result<()> {
    an_order(answer)?;
    shaped("an order", answer, SEEN)?;
    answer["payments"]
        .as_array()
        .into_iter()
        .flatten()
        .try_for_each(a_payment)
}

/// An attempt to pay.
pub(super) fn a_payment(answer: &Value) -> anyhow::Result<()> {
    shaped("a payment", answer, PAYMENT)
}

/// A refusal with this code.
pub(super) fn a_problem(answer: &Value, code: &str) -> anyhow::Result<()> {
    shaped("a problem", answer, PROBLEM)?;
    ensure!(
        answer["code"] == code,
        "{} instead of {code}",
        answer["code"]
    );
    Ok(())
}

/// The figures of an order add up.
fn an_order(order: &Value) -> anyhow::Result<()> {
    shaped("an order", order, ORDER)?;
    let amount = |field: &str| order[field]["amount"].as_i64().unwrap_or_default();
    let owed = amount("subtotal") - amount("discount") + amount("delivery");
    ensure!(
        amount("total") == owed,
        "order {}: {} instead of {owed}",
        order["number"],
        amount("total")
    );
    let lines = order["lines"].as_array().context("lines")?;
    let mut sum = 0;
    for line in lines {
        shaped("a line", line, LINE)?;
        sum += line["total"]["amount"].as_i64().unwrap_or_default();
    }
    ensure!(
        sum == amount("subtotal"),
        "order {}: its lines add up to {sum}",
        order["number"]
    );
    Ok(())
}

/// A field that must be a text.
pub(super) fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    value[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("{field} is no text in {value}"))
}

fn shaped(what: &str, value: &Value, shape: &Shape) -> anyhow::Result<()> {
    for (field, kind) in shape {
        // A field that may be null must still be there.
        let Some(found) = value.get(field) else {
            bail!("{what} without {field}: {value}")
        };
        ensure!(is(found, *kind), "{what} whose {field} is {found}");
    }
    Ok(())
}

fn is(value: &Value, kind: Kind) -> bool {
    match kind {
        Text => value.is_string(),
        TextOrNull => value.is_null() || value.is_string(),
        List => value.is_array(),
        Object => value.is_object(),
        ObjectOrNull => value.is_null() || value.is_object(),
        Money => value["amount"].is_i64() && value["currency"] == "NGN",
        MoneyOrNull => value.is_null() || is(value, Money),
        Number => value.is_number(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_may_be_added_and_none_may_go() {
        let payment = json!({
            "reference": "mr-1", "status": "pending", "amount": { "amount": 5, "currency": "NGN" },
            "authorization_url": null, "bank_account": null, "expires_at": "soon", "new": 1,
        });
        assert!(a_payment(&payment).is_ok());
        let mut without = payment.clone();
        without.as_object_mut().unwrap().remove("bank_account");
        assert!(
            a_payment(&without)
                .unwrap_err()
                .to_string()
                .contains("without bank_account")
        );
        let mut changed = payment;
        changed["amount"] = json!(5);
        assert!(
            a_payment(&changed)
                .unwrap_err()
                .to_string()
                .contains("amount")
        );
    }
}
