//! Twilio: messages, errors, callbacks.

use sandbox::twilio_signature;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::shop::{ACCOUNT, Received, Shop, TOKEN, answered};

fn path(rest: &str) -> String {
    format!("/twilio/2010-04-01/Accounts/{ACCOUNT}/{rest}")
}

async fn send(shop: &Shop, form: &[(&str, &str)]) -> (u16, Value) {
    let request = shop.http.post(shop.url(&path("Messages.json")));
    answered(request.basic_auth(ACCOUNT, Some(TOKEN)).form(form)).await
}

async fn read(shop: &Shop, rest: &str) -> (u16, Value) {
    answered(
        shop.http
            .get(shop.url(&path(rest)))
            .basic_auth(ACCOUNT, Some(TOKEN)),
    )
    .await
}

fn form(received: &Received) -> Vec<(String, String)> {
    form_urlencoded::parse(&received.body)
        .into_owned()
        .collect()
}

fn field(received: &Received, name: &str) -> Option<String> {
    form(received)
        .into_iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
}

const FROM: (&str, &str) = ("From", "+15005550006");

#[tokio::test]
async fn a_message_is_queued_then_delivered_and_stands_in_the_inbox() {
    let shop = Shop::open().await;
    let callback = format!("{}/api/webhooks/twilio?id=42", shop.address);
    let fields = [
        ("To", "+2348031234567"),
        FROM,
        ("Body", "Paid: NGN 5,000"),
        ("StatusCallback", &callback),
    ];
    let (status, message) = send(&shop, &fields).await;
    assert_eq!(status, 201);
    assert_eq!(
        (&message["status"], &message["num_segments"]),
        (&json!("queued"), &json!("1"))
    );
    assert_eq!(
        (&message["error_code"], &message["price"]),
        (&Value::Null, &Value::Null)
    );
    let sid = message["sid"].as_str().unwrap();
    assert!(sid.starts_with("SM") && sid.len() == 34);
    let callbacks = shop.receives_no_more_than(3).await;
    let statuses: Vec<_> = callbacks
        .iter()
        .map(|callback| field(callback, "MessageStatus").unwrap())
        .collect();
    assert_eq!(statuses, ["sending", "sent", "delivered"]);
    for received in &callbacks {
        assert_eq!(received.path, "/api/webhooks/twilio?id=42");
        let signature = twilio_signature(TOKEN, &callback, &form(received));
        assert_eq!(received.header("x-twilio-signature"), signature);
        assert_eq!(field(received, "MessageSid").as_deref(), Some(sid));
    }
    let (_, fetched) = read(&shop, &format!("Messages/{sid}.json")).await;
    assert_eq!(
        (&fetched["status"], &fetched["price"]),
        (&json!("delivered"), &json!("-0.04000"))
    );
    let inbox = shop.get("/inbox/messages?to=%2B2348031234567").await;
    assert_eq!(
        (&inbox[0]["channel"], &inbox[0]["text"]),
        (&json!("sms"), &json!("Paid: NGN 5,000"))
    );
    assert_eq!(
        shop.get("/inbox/messages?to=+2348031234567").await,
        inbox,
        "a bare plus is meant"
    );
}

#[tokio::test]
async fn a_number_by_its_ending_is_not_reached() {
    let shop = Shop::open().await;
    let callback = format!("{}/cb", shop.address);
    for (to, end, code) in [
        ("+2348030000003", "undelivered", "30003"),
        ("+2348030000005", "undelivered", "30005"),
        ("+2348030000007", "undelivered", "30007"),
        ("+2348030000008", "failed", "30008"),
    ] {
        let before = shop.received().len();
        let fields = [
            ("To", to),
            FROM,
            ("Body", "x"),
            ("StatusCallback", &callback),
        ];
        let (_, message) = send(&shop, &fields).await;
        let last = shop
            .receives(before + if end == "failed" { 2 } else { 3 })
            .await
            .pop()
            .unwrap();
        assert_eq!(field(&last, "MessageStatus").as_deref(), Some(end), "{to}");
        assert_eq!(field(&last, "ErrorCode").as_deref(), Some(code), "{to}");
        let sid = message["sid"].as_str().unwrap();
        let (_, fetched) = read(&shop, &format!("Messages/{sid}.json")).await;
        assert_eq!(fetched["error_code"].to_string(), code);
    }
    assert_eq!(shop.get("/inbox/messages").await, json!([]));
}

#[tokio::test]
async fn wrong_requests_have_the_documented_codes() {
    let shop = Shop::open().await;
    let long = "a".repeat(1_601);
    let to = ("To", "+2348031234567");
    let body = ("Body", "x");
    for (fields, status, code) in [
        (vec![FROM, body], 400, 21604),
        (vec![("To", "08031234567"), FROM, body], 400, 21211),
        (vec![("To", "+23408031234567"), FROM, body], 400, 21211),
        (vec![to, body], 400, 21603),
        (vec![to, FROM], 400, 21602),
        (vec![to, FROM, ("Body", long.as_str())], 400, 21617),
        (vec![to, ("From", "+15005550001"), body], 400, 21212),
        (vec![to, ("From", "+15005550007"), body], 400, 21606),
        (vec![to, ("From", "+15005550008"), body], 429, 21611),
        (vec![("To", "+15005550001"), FROM, body], 400, 21211),
        (vec![("To", "+15005550002"), FROM, body], 400, 21612),
        (vec![("To", "+15005550003"), FROM, body], 400, 21408),
        (vec![("To", "+15005550004"), FROM, body], 400, 21610),
        (vec![("To", "+15005550009"), FROM, body], 400, 21614),
    ] {
        let (answered, error) = send(&shop, &fields).await;
        assert_eq!(
            (answered, &error["code"]),
            (status, &json!(code)),
            "{fields:?}"
        );
        assert_eq!(error["status"], status);
        assert_eq!(
            error["more_info"],
            format!("https://www.twilio.com/docs/errors/{code}")
        );
    }
    assert_eq!(read(&shop, "Messages/SM00.json").await.1["code"], 20404);
}

#[tokio::test]
async fn wrong_credentials_are_20003() {
    let shop = Shop::open().await;
    let request = shop
        .http
        .post(shop.url(&path("Messages.json")))
        .basic_auth(ACCOUNT, Some("no"));
    let (status, body) = answered(request).await;
    let expected = json!({
        "code": 20003, "detail": "Your AccountSid or AuthToken was incorrect.",
        "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401
    });
    assert_eq!((status, body), (401, expected));
}

#[tokio::test]
async fn a_number_that_is_too_busy_takes_the_second_try() {
    let shop = Shop::open().await;
    let fields = [("To", "+2348030000429"), FROM, ("Body", "x")];
    let (status, body) = send(&shop, &fields).await;
    assert_eq!((status, &body["code"]), (429, &json!(20429)));
    assert_eq!(send(&shop, &fields).await.0, 201);
}

#[tokio::test]
async fn who_opted_out_is_21610_until_opting_in() {
    let shop = Shop::open().await;
    let fields = [("To", "+2348031234567"), FROM, ("Body", "x")];
    let url = shop.url("/twilio/control/opt-out");
    let who = json!({ "to": "+2348031234567" });
    assert_eq!(
        shop.http
            .post(&url)
            .json(&who)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(send(&shop, &fields).await.1["code"], 21610);
    assert_eq!(
        shop.http
            .delete(&url)
            .json(&who)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(send(&shop, &fields).await.0, 201);
}

#[tokio::test]
async fn messages_are_found_by_recipient_and_day() {
    let shop = Shop::open().await;
    for to in ["+2348031234567", "+2348031234567", "+2348037654321"] {
        send(&shop, &[("To", to), FROM, ("Body", "x")]).await;
    }
    let (_, all) = read(&shop, "Messages.json?To=%2B2348031234567").await;
    assert_eq!(all["messages"].as_array().unwrap().len(), 2);
    let (_, page) = read(&shop, "Messages.json?PageSize=2").await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
    assert!(page["next_page_uri"].is_string());
    let (_, later) = read(&shop, "Messages.json?DateSent%3E=2999-01-01").await;
    assert_eq!(later["messages"], json!([]));
    let (_, earlier) = read(&shop, "Messages.json?DateSent%3E=2020-01-01").await;
    assert_eq!(earlier["messages"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn calls_and_callbacks_misbehave_when_told_so() {
    let shop = Shop::open().await;
    let callback = format!("{}/cb", shop.address);
    let fields = [
        ("To", "+2348031234567"),
        FROM,
        ("Body", "x"),
        ("StatusCallback", callback.as_str()),
    ];
    shop.control(json!({ "target": "twilio.messages", "action": "refuse", "status": 503, "match": { "to": "+2348031234567" } })).await;
    let (status, body) = send(&shop, &fields).await;
    assert_eq!((status, &body["status"]), (503, &json!(503)));
    shop.control(json!({ "target": "twilio.callback", "action": "drop" }))
        .await;
    shop.control(
        json!({ "target": "twilio.callback", "action": "repeat", "count": 3, "times": 1 }),
    )
    .await;
    shop.control(json!({ "target": "twilio.callback", "action": "wrong_signature", "times": 2 }))
        .await;
    send(&shop, &fields).await;
    // The first is dropped and uses up the repetition and a wrong signature with it.
    let callbacks = shop.receives_no_more_than(2).await;
    let right = |received: &Received| {
        let signature = twilio_signature(TOKEN, &callback, &form(received));
        received.header("x-twilio-signature") == signature
    };
    assert_eq!(
        callbacks.iter().map(right).collect::<Vec<_>>(),
        [false, true]
    );
}
