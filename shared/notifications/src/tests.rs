use domain::{Currency, Email, Money, Phone};

use crate::{
    Channel, Content, Letter, OrderFacts, OrderLineFacts, ProductFacts, Recipient, Rendered,
    Returned, Shop, render,
};

fn ngn(amount: i64) -> Money {
    Money::new(amount, Currency::Ngn).unwrap()
}

fn shop() -> Shop {
    Shop {
        name: "MAD RUSH".into(),
        storefront_url: "https://shop.example".into(),
    }
}

fn order() -> OrderFacts {
    OrderFacts {
        number: "MR-7K4Q-9TXD".into(),
        customer_name: "Ada <script> & Sons".into(),
        lines: vec![OrderLineFacts {
            name: "Leather sandals (42)".into(),
            quantity: 2,
            total: ngn(2_500_000),
        }],
        subtotal: ngn(2_500_000),
        discount: ngn(0),
        delivery: ngn(200_000),
        tax: ngn(188_372),
        total: ngn(2_700_000),
        address: vec!["12 Allen Avenue".into(), "Ikeja, Lagos".into()],
    }
}

fn all() -> Vec<Content> {
    vec![
        Content::Receipt(order()),
        Content::PayNow {
            order: order(),
            url: "https://checkout.paystack.com/abc".into(),
        },
        Content::PayOnDelivery(order()),
        Content::Underpaid {
            order: order(),
            received: ngn(100),
            missing: ngn(2_699_900),
        },
        Content::Expired(order()),
        Content::MoneyReturned {
            order: order(),
            amount: ngn(100),
            why: Returned::TooLate,
        },
        Content::BackInStock(ProductFacts {
            name: "Leather sandals <script> (42)".into(),
            slug: "leather-sandals".into(),
        }),
    ]
}

fn email(content: &Content) -> Rendered {
    render(content, Channel::Email, &shop()).unwrap()
}

#[test]
fn what_a_customer_typed_cannot_become_markup() {
    for content in all() {
        let html = email(&content).html;
        assert!(!html.contains("<script>"), "{}", content.kind());
    }
    let receipt = email(&Content::Receipt(order()));
    assert!(receipt.html.contains("Ada &#60;script&#62; &#38; Sons"));
    assert!(receipt.text.contains("Ada <script> & Sons"));
}

#[test]
fn a_receipt_has_lines_totals_and_address_in_both_forms() {
    let Rendered {
        subject,
        html,
        text,
    } = email(&Content::Receipt(order()));
    assert_eq!(subject, "Your receipt for order MR-7K4Q-9TXD");
    for part in [
        "Leather sandals (42)",
        "NGN 27,000.00",
        "NGN 1,883.72",
        "12 Allen Avenue",
    ] {
        assert!(html.contains(part) && text.contains(part), "{part}");
    }
}

#[test]
fn who_waited_is_told_what_is_back_and_where_and_nothing_is_offered_to_them() {
    let Rendered {
        subject,
        html,
        text,
    } = email(&Content::BackInStock(ProductFacts {
        name: "Leather sandals (42)".into(),
        slug: "leather-sandals".into(),
    }));
    assert_eq!(subject, "Leather sandals (42) is back in stock");
    for part in [
        "https://shop.example/products/leather-sandals",
        "because you asked to be told when Leather sandals (42) is back at MAD RUSH",
    ] {
        assert!(html.contains(part) && text.contains(part), "{part}");
    }
    for promotion in ["discount", "offer", "hurry", "unsubscribe", "Order"] {
        assert!(!text.contains(promotion), "{promotion}: {text}");
    }
}

#[test]
fn every_sms_is_short_plain_and_names_nobody() {
    for content in all() {
        let sms = render(&content, Channel::Sms, &shop()).unwrap().text;
        assert!(sms.is_ascii() && !sms.contains('`'), "GSM-7: {sms}");
        assert!(sms.len() <= 160, "one segment: {} {sms}", sms.len());
        assert!(!sms.contains("Ada"), "{sms}");
        assert!(sms.starts_with("MAD RUSH: "));
        let about = content
            .order()
            .map_or("/products/leather-sandals", |order| &order.number);
        assert!(sms.contains(about), "{sms}");
    }
}

#[test]
fn debug_of_a_letter_shows_neither_person_nor_order_lines() {
    let letters = [
        Recipient::Email(Email::parse("ada@example.com").unwrap()),
        Recipient::Sms(Phone::parse("08031234567").unwrap()),
    ];
    for recipient in letters {
        let shown = format!(
            "{:?}",
            Letter {
                recipient,
                content: Content::Receipt(order())
            }
        );
        assert!(!shown.contains("ada@") && !shown.contains("803") && !shown.contains("Allen"));
    }
}
