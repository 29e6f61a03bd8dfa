//! One order, one trace.

use std::sync::Arc;
use std::time::Duration;

use runtime_api::CollectedSpan;
use serde_json::json;
use shop_tests::{Letter, Shop};

use crate::PRICE;

/// Nobody tells the shop of the payment, so that all that follows from the order does so by messages:
/// the trace that begins with the order's request ends with the receipt's mail.
pub(crate) async fn from_the_order_to_its_receipt_there_is_one_trace(shop: Arc<Shop>) {
    let variant = shop.rows().product(PRICE, 1).await;
    let buyer = shop.buyer();
    let order = buyer.places(variant, 1, "card").await;
    let (reference, page) = order.first();
    let rule = json!({ "target": "paystack.webhook", "action": "drop", "match": { "reference": reference } });
    shop.standins().misbehave(rule).await;
    shop.standins().pay(page, "success").await;
    shop.tells(&buyer, &[Letter::Receipt]).await;

    let is_request = |span: &&CollectedSpan| {
        span.attributes.get("madrush.order.number") == Some(&order.number)
            && span.name == "POST /api/orders"
    };
    let collector = shop.standins().collector();
    let spans = collector.wait_for(|span| is_request(&span)).await;
    let request = spans.iter().find(is_request).expect("waited for").clone();
    // A span is sent when its invocation ends, so those above may come after those below.
    let complete = |spans: &[CollectedSpan]| way_up(spans, &request.trace, "mail send");
    let mut way = None;
    for _ in 0..600 {
        way = complete(&collector.spans());
        if way.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let way = way.unwrap_or_else(|| panic!("no way up: {:#?}", collector.spans()));
    let expected = [
        ("send-notification", "mail send"),
        (
            "send-notification",
            "process madrush.events:notification.requested:notifications",
        ),
        (
            "relay-outbox",
            "publish madrush.events:notification.requested",
        ),
        (
            "process-order",
            "process madrush.events:order.paid:order_processing",
        ),
        ("relay-outbox", "publish madrush.events:order.paid"),
        (
            "process-payment",
            "process madrush.events:payment.check:payment_processing",
        ),
        ("relay-outbox", "publish madrush.events:payment.check"),
        (
            "process-order",
            "process madrush.events:order.placed:order_processing",
        ),
        ("relay-outbox", "publish madrush.events:order.placed"),
        ("place-order", "POST /api/orders"),
    ];
    let expected = expected.map(|(service, name)| (service.to_owned(), name.to_owned()));
    assert_eq!(way, expected);
}

/// The span of a name and all above it, each by its function and name, up to the request: what is above
/// that is the gateway's, which the emulator claims to record as AWS would. None while one is missing.
fn way_up(spans: &[CollectedSpan], trace: &str, name: &str) -> Option<Vec<(String, String)>> {
    const SERVER: u64 = 2;
    let trace: Vec<&CollectedSpan> = spans.iter().filter(|span| span.trace == trace).collect();
    let mut span = *trace.iter().find(|span| span.name == name)?;
    let mut way = vec![(span.service.clone(), span.name.clone())];
    while span.kind != SERVER {
        let parent = span.parent.as_deref()?;
        span = *trace.iter().find(|above| above.id == parent)?;
        way.push((span.service.clone(), span.name.clone()));
    }
    Some(way)
}
