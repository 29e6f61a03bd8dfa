//! What the client does when Twilio, or what stands between, misbehaves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use twilio::{MessageStatus, SendSms, TimeLimits, Twilio, TwilioError, TwilioSettings};
use wiremock::matchers::{any, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Long after every time limit here, and long before a silent server gives up.
const LATE: Duration = Duration::from_secs(10);
const ACCOUNT: &str = "AC00000000000000000000000000000000";
const SID: &str = "SM0123456789abcdef0123456789abcdef";
const TO: &str = "+2348031234567";
const TEXT: &str = "Your order MR-1 is paid: NGN 5,000 & thanks.";

/// A client that waits long enough for a busy machine.
fn client(base: &str, sender: &'static str) -> Twilio {
    let long = Duration::from_secs(8);
    limited(
        base,
        sender,
        TimeLimits {
            connect: long,
            send: long,
            read: long,
        },
    )
}

/// A client for servers that never finish.
fn impatient(base: &str) -> Twilio {
    let short = Duration::from_millis(600);
    let read = Duration::from_secs(1);
    limited(
        base,
        "+15005550006",
        TimeLimits {
            connect: short,
            send: short,
            read,
        },
    )
}

fn limited(base: &str, sender: &'static str, limits: TimeLimits) -> Twilio {
    let base = base.to_owned();
    let settings = settings::read_from(
        move |name| match name {
            "TWILIO_ACCOUNT_SID" => Some(ACCOUNT.to_owned()),
            "TWILIO_AUTH_TOKEN" => Some("12345".to_owned()),
            "TWILIO_PHONE_NUMBER" => Some(sender.to_owned()),
            "TWILIO_BASE_URL" => Some(base.clone()),
            _ => None,
        },
        TwilioSettings::read,
    )
    .unwrap();
    Twilio::with_limits(&settings, limits).unwrap()
}

fn sms() -> SendSms<'static> {
    SendSms {
        to: TO,
        body: TEXT,
        status_callback: Some("https://shop.example/api/webhooks/twilio?id=42"),
        validity: Some(Duration::from_secs(300)),
    }
}

fn row(sid: &str, body: &str, created: &str) -> Value {
    json!({"sid": sid, "status": "queued", "num_segments": "1", "to": TO, "body": body,
        "date_created": created, "date_sent": null, "error_code": null, "from": null,
        "price": null})
}

fn created() -> Value {
    row(SID, TEXT, "Mon, 23 Nov 2026 10:00:05 +0000")
}

fn refused(code: u32) -> Value {
    json!({"code": code, "message": format!("The 'To' number {TO} is …"),
        "more_info": "https://www.twilio.com/docs/errors/", "status": 400})
}

fn ten_o_clock() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-23T10:00:00.900Z")
        .unwrap()
        .into()
}

async fn always(answer: ResponseTemplate, calls: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer)
        .expect(calls)
        .mount(&server)
        .await;
    server
}

#[derive(Clone, Copy)]
enum Behaviour {
    CloseUnanswered,
    HalfAnAnswer,
    Drip,
    Silent,
}

/// A server below HTTP that counts its connections.
async fn raw(behaviour: Behaviour) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(behave(behaviour, stream));
        }
    });
    (format!("http://{address}"), connections)
}

async fn behave(behaviour: Behaviour, mut stream: TcpStream) {
    let mut request = [0; 4096];
    assert_ne!(stream.read(&mut request).await.unwrap(), 0);
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 5000\r\n\r\n{\"sid\"";
    match behaviour {
        Behaviour::CloseUnanswered => {}
        Behaviour::HalfAnAnswer => stream.write_all(head.as_bytes()).await.unwrap(),
        Behaviour::Drip => {
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Behaviour::Silent => tokio::time::sleep(Duration::from_secs(30)).await,
    }
}

#[tokio::test]
async fn a_message_is_sent_with_exactly_the_documented_call() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!(
            "/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        )))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(header(
            "authorization",
            "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDoxMjM0NQ==",
        ))
        .respond_with(ResponseTemplate::new(201).set_body_json(created()))
        .expect(2)
        .mount(&server)
        .await;
    let base = format!("{}/twilio/", server.uri());
    let sent = client(&base, "+15005550006").send(&sms()).await.unwrap();
    assert_eq!(
        (sent.sid.as_str(), sent.status, sent.segments),
        (SID, MessageStatus::Queued, Some(1))
    );
    let service = "MG0123456789abcdef0123456789abcdef";
    let bare = SendSms {
        status_callback: None,
        validity: None,
        ..sms()
    };
    client(&base, service).send(&bare).await.unwrap();
    let bodies: Vec<String> = (server.received_requests().await.unwrap().iter())
        .map(|request| String::from_utf8(request.body.clone()).unwrap())
        .collect();
    let text = "Your+order+MR-1+is+paid%3A+NGN+5%2C000+%26+thanks.";
    assert_eq!(
        bodies[0],
        format!(
            "To=%2B2348031234567&Body={text}&From=%2B15005550006\
             &StatusCallback=https%3A%2F%2Fshop.example%2Fapi%2Fwebhooks%2Ftwilio%3Fid%3D42\
             &ValidityPeriod=300"
        )
    );
    assert_eq!(
        bodies[1],
        format!("To=%2B2348031234567&Body={text}&MessagingServiceSid={service}")
    );
}

#[tokio::test]
async fn a_message_is_sent_once_whatever_comes_back() {
    type Check = fn(&TwilioError) -> bool;
    let answer =
        |status: u16, code: u32| ResponseTemplate::new(status).set_body_json(refused(code));
    let cases: [(ResponseTemplate, Check); 9] = [
        (answer(400, 21211), |error| {
            matches!(error, TwilioError::Permanent { code: 21211 })
        }),
        (answer(400, 21610), |error| {
            matches!(error, TwilioError::OptedOut)
        }),
        (answer(400, 21608), |error| {
            matches!(error, TwilioError::Configuration { .. })
        }),
        (answer(401, 20003), |error| {
            matches!(error, TwilioError::Configuration { .. })
        }),
        (
            answer(429, 20429).insert_header("retry-after", "2"),
            |error| {
                let wait = Some(Duration::from_secs(2));
                matches!(error, TwilioError::RateLimited { retry_after } if *retry_after == wait)
            },
        ),
        (answer(500, 20500), TwilioError::is_unclear),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            TwilioError::is_unclear,
        ),
        (
            ResponseTemplate::new(201).set_body_json(json!({"sid": 7})),
            TwilioError::is_unclear,
        ),
        (
            ResponseTemplate::new(201).set_body_bytes(vec![b' '; 3 << 20]),
            TwilioError::is_unclear,
        ),
    ];
    for (answer, check) in cases {
        let server = always(answer, 1).await;
        let error = client(&server.uri(), "+15005550006")
            .send(&sms())
            .await
            .unwrap_err();
        assert!(check(&error), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("803"), "{error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = always(ResponseTemplate::new(201).set_body_json(created()), 0).await;
    for status in [301, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let server = always(answer, 1).await;
        let error = client(&server.uri(), "+15005550006")
            .send(&sms())
            .await
            .unwrap_err();
        assert!(error.is_unclear());
    }
}

#[tokio::test]
async fn a_connection_that_hangs_drips_or_breaks_is_unclear_within_the_time_limit() {
    for behaviour in [
        Behaviour::CloseUnanswered,
        Behaviour::HalfAnAnswer,
        Behaviour::Drip,
        Behaviour::Silent,
    ] {
        let (base, connections) = raw(behaviour).await;
        let twilio = impatient(&base);
        let begun = Instant::now();
        let error = twilio.send(&sms()).await.unwrap_err();
        assert!(error.is_unclear() && error.is_temporary(), "{error:?}");
        assert!(begun.elapsed() < LATE);
        assert_eq!(
            connections.load(Ordering::SeqCst),
            1,
            "a message is sent once"
        );
        assert!(twilio.fetch(SID).await.unwrap_err().is_unclear());
        assert_eq!(
            connections.load(Ordering::SeqCst),
            3,
            "a read is repeated once"
        );
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&base, "+15005550006")
        .send(&sms())
        .await
        .unwrap_err();
    assert!(
        matches!(error, TwilioError::Unreachable { .. }),
        "{error:?}"
    );
    assert!(!error.is_unclear() && error.is_temporary());
}

#[tokio::test]
async fn a_tls_connection_that_cannot_be_made_proves_that_nothing_was_sent() {
    let (base, _) = raw(Behaviour::CloseUnanswered).await;
    let twilio = client(&base.replace("http://", "https://"), "+15005550006");
    let error = twilio.send(&sms()).await.unwrap_err();
    assert!(
        matches!(error, TwilioError::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_unclear_message_is_found_by_number_time_and_text() {
    let server = MockServer::start().await;
    let other = "SM00000000000000000000000000000009";
    let page = json!({"next_page_uri": null, "page_size": 50, "messages": [
        row(other, "Another text", "Mon, 23 Nov 2026 10:00:06 +0000"),
        row(SID, &format!("{TEXT} "), "Mon, 23 Nov 2026 10:00:00 +0000"),
        row(other, TEXT, "Mon, 23 Nov 2026 09:59:59 +0000"),
    ]});
    Mock::given(method("GET"))
        .and(path(format!(
            "/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        )))
        .and(query_param("To", TO))
        .and(query_param("DateSent>", "2026-11-23"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let twilio = client(&server.uri(), "+15005550006");
    let found = twilio
        .find_recent(TO, ten_o_clock(), TEXT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.sid, SID);
    assert!(
        twilio
            .find_recent(TO, ten_o_clock(), "Never sent")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_search_that_cannot_be_read_does_not_say_that_there_is_nothing() {
    for body in [
        json!({}),
        json!({"messages": null}),
        json!({"messages": [{"sid": "x"}]}),
    ] {
        let server = always(ResponseTemplate::new(200).set_body_json(body), 2).await;
        let twilio = client(&server.uri(), "+15005550006");
        let error = twilio
            .find_recent(TO, ten_o_clock(), TEXT)
            .await
            .unwrap_err();
        assert!(error.is_unclear());
        assert!(twilio.find_recent(TO, ten_o_clock(), TEXT).await.is_err());
    }
}

#[tokio::test]
async fn a_message_is_fetched_by_its_name_and_by_nothing_else() {
    let server = MockServer::start().await;
    let mut body = created();
    body["status"] = json!("undelivered");
    body["error_code"] = json!(30003);
    Mock::given(path(format!(
        "/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json"
    )))
    .respond_with(ResponseTemplate::new(500))
    .up_to_n_times(1)
    .mount(&server)
    .await;
    Mock::given(path(format!(
        "/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json"
    )))
    .respond_with(ResponseTemplate::new(200).set_body_json(body))
    .expect(1)
    .mount(&server)
    .await;
    let twilio = client(&server.uri(), "+15005550006");
    let message = twilio.fetch(SID).await.unwrap();
    assert_eq!(
        (message.status, message.error_code),
        (MessageStatus::Undelivered, Some(30003))
    );
    for sid in [
        "",
        "..",
        "SM1",
        "../Calls",
        "AC0123456789abcdef0123456789abcdef",
    ] {
        assert!(
            matches!(twilio.fetch(sid).await, Err(TwilioError::NotFound)),
            "{sid}"
        );
    }
}

#[tokio::test]
async fn the_client_does_not_print_its_token() {
    let printed = format!(
        "{:?} {:?}",
        client("http://127.0.0.1:1", "+15005550006"),
        sms()
    );
    assert!(!printed.contains("12345") && !printed.contains("MTIzNDU") && !printed.contains("803"));
}
