//! Messages as people read them: HTML and text for e-mail, one short text for SMS.

use askama::Template;

use crate::content::{Channel, Content, OrderFacts, ProductFacts, Returned};

/// The shop as its messages name it.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its name, in plain GSM-7 letters where SMS should stay cheap.
    pub name: String,
    /// Where customers see their orders; no slash at the end.
    pub storefront_url: String,
}

/// A rendered message. Subject and HTML are empty for SMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject line.
    pub subject: String,
    /// The HTML alternative.
    pub html: String,
    /// The text: a full alternative for e-mail, the whole message for SMS.
    pub text: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct HtmlMessage<'a> {
    shop: &'a Shop,
    words: &'a Words,
    /// Where its lines and totals are part of the message.
    order: Option<&'a OrderFacts>,
}

#[derive(Template)]
#[template(path = "message.txt")]
struct TextMessage<'a> {
    shop: &'a Shop,
    words: &'a Words,
    /// Where its lines and totals are part of the message.
    order: Option<&'a OrderFacts>,
}

/// What one kind of message says around the order's table.
struct Words {
    subject: String,
    heading: String,
    paragraphs: Vec<String>,
    /// A button: its label and address.
    action: Option<(String, String)>,
    sms: String,
    /// Whether the order's lines and totals are part of it.
    with_order: bool,
    /// Why somebody gets this message, up to the shop's name.
    reason: String,
}

/// Renders a message.
///
/// # Errors
/// [`askama::Error`]; a template that does not render is a mistake of ours.
pub fn render(content: &Content, channel: Channel, shop: &Shop) -> Result<Rendered, askama::Error> {
    let words = Words::of(content, shop);
    let order = content.order().filter(|_| words.with_order);
    Ok(match channel {
        Channel::Sms => Rendered {
            subject: String::new(),
            html: String::new(),
            text: words.sms,
        },
        Channel::Email => Rendered {
            html: HtmlMessage {
                shop,
                words: &words,
                order,
            }
            .render()?,
            text: TextMessage {
                shop,
                words: &words,
                order,
            }
            .render()?,
            subject: words.subject,
        },
    })
}

impl Words {
    fn of(content: &Content, shop: &Shop) -> Self {
        match content {
            Content::Receipt(order)
            | Content::PayOnDelivery(order)
            | Content::Expired(order)
            | Content::PayNow { order, .. }
            | Content::Underpaid { order, .. }
            | Content::MoneyReturned { order, .. } => Self::of_order(content, order, shop),
            Content::BackInStock(product) => Self::of_product(product, shop),
        }
    }

    fn of_product(product: &ProductFacts, shop: &Shop) -> Self {
        let (product_name, name) = (&product.name, &shop.name);
        let page = format!("{}/products/{}", shop.storefront_url, product.slug);
        Self {
            subject: format!("{product_name} is back in stock"),
            heading: "It is back".to_owned(),
            paragraphs: vec![
                format!("You asked us to tell you when {product_name} can be had again. It can."),
                "We write once, and keep your address for nothing else. Nothing is reserved for you: \
                 others who asked have been told as well."
                    .to_owned(),
            ],
            action: Some((format!("See {product_name}"), page.clone())),
            sms: format!("{name}: what you asked for is back in stock: {page}"),
            with_order: false,
            reason: format!("because you asked to be told when {product_name} is back at"),
        }
    }

    fn of_order(content: &Content, order: &OrderFacts, shop: &Shop) -> Self {
        let (number, total, name) = (&order.number, order.total, &shop.name);
        let page = format!("{}/orders/{number}", shop.storefront_url);
        let see = Some(("See your order".to_owned(), page.clone()));
        let reason = format!("because of your order {number} at");
        match content {
            Content::Receipt(_) => Self {
                subject: format!("Your receipt for order {number}"),
                heading: format!("Thank you, {}", order.customer_name),
                paragraphs: vec![
                    format!(
                        "We have received {total} for your order {number}. We are getting it ready."
                    ),
                    "We will write again when it is on its way to you.".to_owned(),
                ],
                action: see,
                sms: format!(
                    "{name}: we received {total} for order {number}. Thank you! Details: {page}"
                ),
                with_order: true,
                reason,
            },
            Content::PayNow { url, .. } => Self {
                subject: format!("Pay for your order {number}"),
                heading: format!("Your order is waiting, {}", order.customer_name),
                paragraphs: vec![format!(
                    "We are keeping your items for you. Pay {total} to confirm order {number}."
                )],
                action: Some((format!("Pay {total}"), url.clone())),
                sms: format!("{name}: pay {total} for order {number} here: {url}"),
                with_order: true,
                reason,
            },
            Content::PayOnDelivery(_) => Self {
                subject: format!("Your order {number} is confirmed"),
                heading: format!("Thank you, {}", order.customer_name),
                paragraphs: vec![format!(
                    "Your order {number} is confirmed. Please have {total} ready for the rider."
                )],
                action: see,
                sms: format!(
                    "{name}: order {number} is confirmed. Please have {total} ready for the rider."
                ),
                with_order: true,
                reason,
            },
            Content::Underpaid {
                received, missing, ..
            } => Self {
                subject: format!("{missing} is still missing for order {number}"),
                heading: "We received part of your payment".to_owned(),
                paragraphs: vec![
                    format!(
                        "For order {number} we received {received}; {missing} is still missing."
                    ),
                    "We are holding your items. Pay the rest, or answer this message and we will \
                     return what you have paid."
                        .to_owned(),
                ],
                action: see,
                sms: format!(
                    "{name}: we received {received} for order {number}, {missing} is missing: {page}"
                ),
                with_order: true,
                reason,
            },
            Content::Expired(_) => Self {
                subject: format!("Your order {number} has expired"),
                heading: "Your order was not paid in time".to_owned(),
                paragraphs: vec![
                    format!(
                        "No payment for order {number} reached us in time, so its items went back on sale."
                    ),
                    "If you have paid after all, you need not do anything: we will find your \
                     payment and send you the items, or your money back."
                        .to_owned(),
                ],
                action: None,
                sms: format!("{name}: order {number} was not paid in time and has expired."),
                with_order: false,
                reason,
            },
            Content::MoneyReturned { amount, why, .. } => Self {
                subject: format!("{amount} is on its way back to you"),
                heading: "We are returning your money".to_owned(),
                paragraphs: vec![
                    format!(
                        "{} We are sending {amount} back the way it came.",
                        why.sentence(number)
                    ),
                    "Banks take up to ten working days to show it.".to_owned(),
                ],
                action: None,
                sms: format!("{name}: {amount} for order {number} is on its way back to you."),
                with_order: false,
                reason,
            },
            Content::BackInStock(product) => Self::of_product(product, shop),
        }
    }
}

impl Returned {
    fn sentence(self, number: &str) -> String {
        match self {
            Self::PaidTwice => format!("Order {number} had already been paid."),
            Self::TooLate => {
                format!(
                    "Your payment for order {number} came after it had expired, and its items were gone."
                )
            }
            Self::Decided => format!("This is about your order {number}."),
        }
    }
}
