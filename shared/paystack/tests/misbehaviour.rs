//! What the client does when Paystack, or what stands between, misbehaves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::DateTime;
use paystack::{
    Channel, Charge, ChargeAnswer, Initialize, ListTransactions, NewRefund, Paystack,
    PaystackError, PaystackSettings, RefundStatus, TimeLimits, TransactionStatus, UssdBank,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Long after every time limit here, and long before a silent server gives up.
const LATE: Duration = Duration::from_secs(10);
const REFERENCE: &str = "mr-0191d4e2-7c1b-7000-8000-000000000001";

/// A client that waits long enough for a busy machine.
fn client(base: &str) -> Paystack {
    let long = Duration::from_secs(8);
    limited(
        base,
        TimeLimits {
            connect: long,
            read: long,
            initialize: long,
            charge: long,
            refund: long,
        },
    )
}

/// A client for servers that never finish.
fn impatient(base: &str) -> Paystack {
    let short = Duration::from_millis(600);
    limited(
        base,
        TimeLimits {
            connect: short,
            read: Duration::from_secs(1),
            initialize: short,
            charge: short,
            refund: short,
        },
    )
}

fn limited(base: &str, limits: TimeLimits) -> Paystack {
    let base = base.to_owned();
    let settings = settings::read_from(
        move |name| match name {
            "PAYSTACK_SECRET_KEY" => Some("sk_test_abc123".to_owned()),
            "PAYSTACK_BASE_URL" => Some(base.clone()),
            _ => None,
        },
        PaystackSettings::read,
    )
    .unwrap();
    Paystack::with_limits(&settings, limits).unwrap()
}

fn initialize() -> Initialize<'static> {
    Initialize {
        email: "ada@example.com",
        amount: 1_250_000,
        currency: "NGN",
        reference: REFERENCE,
        callback_url: Some("https://shop.example/callback"),
        channels: &[Channel::Card],
        metadata: None,
    }
}

fn initialized() -> Value {
    json!({"status": true, "message": "Authorization URL created", "data": {
        "authorization_url": "http://127.0.0.1/checkout/3ni8", "access_code": "3ni8",
        "reference": REFERENCE}})
}

fn verified() -> Value {
    json!({"status": true, "message": "Verification successful", "data": {
        "id": 4_099_260_516_u64, "domain": "test", "status": "success", "reference": REFERENCE,
        "amount": 1_250_000, "currency": "NGN", "requested_amount": 1_250_000, "metadata": ""}})
}

fn refused(message: &str) -> Value {
    json!({"status": false, "message": message})
}

/// A server that gives every call the same answer and expects so many calls.
async fn always(answer: ResponseTemplate, calls: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer)
        .expect(calls)
        .mount(&server)
        .await;
    server
}

/// A server that answers once with this and from then on verifies.
async fn once_then_verified(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let good = ResponseTemplate::new(200).set_body_json(verified());
    Mock::given(any())
        .respond_with(good)
        .expect(1)
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
    AnswerOnceThenClose,
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
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
    match behaviour {
        Behaviour::CloseUnanswered => {}
        Behaviour::HalfAnAnswer => {
            stream
                .write_all(format!("{head}500\r\n\r\n{{\"status\"").as_bytes())
                .await
                .unwrap();
        }
        Behaviour::Drip => {
            stream
                .write_all(format!("{head}5000\r\n\r\n").as_bytes())
                .await
                .unwrap();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Behaviour::Silent => tokio::time::sleep(Duration::from_secs(30)).await,
        Behaviour::AnswerOnceThenClose => {
            let body = initialized().to_string();
            let answer = format!("{head}{}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_transaction_is_started_with_exactly_the_documented_call() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/paystack/transaction/initialize"))
        .and(header("authorization", "Bearer sk_test_abc123"))
        .and(body_json(json!({
            "email": "ada@example.com", "amount": 1_250_000, "currency": "NGN",
            "reference": REFERENCE, "callback_url": "https://shop.example/callback",
            "channels": ["card"]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(initialized()))
        .expect(1)
        .mount(&server)
        .await;
    let paystack = client(&format!("{}/paystack/", server.uri()));
    let answer = paystack.initialize(&initialize()).await.unwrap();
    assert_eq!(answer.access_code, "3ni8");
    assert_eq!(answer.reference, REFERENCE);
}

#[tokio::test]
async fn a_duplicate_reference_is_told_apart() {
    let body = json!({"status": false, "message": "Duplicate Transaction Reference",
        "meta": {"nextStep": "Try again"}, "type": "validation_error",
        "code": "duplicate_reference", "errorCodeMappingNotFound": false});
    let server = always(ResponseTemplate::new(400).set_body_json(body), 1).await;
    let error = client(&server.uri())
        .initialize(&initialize())
        .await
        .unwrap_err();
    assert!(matches!(error, PaystackError::DuplicateReference));
}

#[tokio::test]
async fn a_creating_call_is_sent_once_whatever_comes_back() {
    type Check = fn(&PaystackError) -> bool;
    let unclear: Check = PaystackError::is_unclear;
    let cases: [(ResponseTemplate, Check); 7] = [
        (ResponseTemplate::new(500), unclear),
        (
            ResponseTemplate::new(503).insert_header("retry-after", "0"),
            unclear,
        ),
        (
            ResponseTemplate::new(200).set_body_string("<html>please wait</html>"),
            unclear,
        ),
        (
            ResponseTemplate::new(200).set_body_json(refused("No")),
            unclear,
        ),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "0"),
            |error| matches!(error, PaystackError::RateLimited { .. }) && !error.is_unclear(),
        ),
        (
            ResponseTemplate::new(400).set_body_json(refused("Currency not supported")),
            |error| matches!(error, PaystackError::Refused { .. }) && !error.is_temporary(),
        ),
        (
            ResponseTemplate::new(401).set_body_json(refused("Invalid key")),
            |error| matches!(error, PaystackError::Unauthorized),
        ),
    ];
    for (answer, check) in cases {
        let server = always(answer, 1).await;
        let error = client(&server.uri())
            .initialize(&initialize())
            .await
            .unwrap_err();
        assert!(check(&error), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_more_than_the_time_limit() {
    let (base, connections) = raw(Behaviour::Silent).await;
    let paystack = impatient(&base);
    let begun = Instant::now();
    let error = paystack.initialize(&initialize()).await.unwrap_err();
    assert!(error.is_unclear() && error.is_temporary());
    assert!(begun.elapsed() < LATE);
    assert_eq!(connections.load(Ordering::SeqCst), 1);

    let begun = Instant::now();
    assert!(paystack.verify(REFERENCE).await.unwrap_err().is_unclear());
    assert!(begun.elapsed() < LATE);
    assert!(
        connections.load(Ordering::SeqCst) > 2,
        "a silent read is tried on a new connection"
    );
}

#[tokio::test]
async fn an_answer_that_drips_costs_no_more_than_the_time_limit() {
    let (base, _) = raw(Behaviour::Drip).await;
    let begun = Instant::now();
    assert!(
        impatient(&base)
            .initialize(&initialize())
            .await
            .unwrap_err()
            .is_unclear()
    );
    assert!(begun.elapsed() < LATE);
}

#[tokio::test]
async fn a_connection_lost_after_sending_is_unclear_and_not_sent_again() {
    for behaviour in [Behaviour::CloseUnanswered, Behaviour::HalfAnAnswer] {
        let (base, connections) = raw(behaviour).await;
        let error = client(&base).initialize(&initialize()).await.unwrap_err();
        assert!(matches!(error, PaystackError::Unclear { .. }), "{error:?}");
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        assert!(
            client(&base)
                .verify(REFERENCE)
                .await
                .unwrap_err()
                .is_unclear()
        );
        assert_eq!(
            connections.load(Ordering::SeqCst),
            4,
            "a read is repeated twice"
        );
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_idle_is_not_used_for_the_next_call() {
    let (base, connections) = raw(Behaviour::AnswerOnceThenClose).await;
    let paystack = client(&base);
    for calls in 1..=3 {
        paystack.initialize(&initialize()).await.unwrap();
        assert_eq!(connections.load(Ordering::SeqCst), calls);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let paystack = client(&base);
    for error in [
        paystack.initialize(&initialize()).await.unwrap_err(),
        paystack.verify(REFERENCE).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, PaystackError::Unreachable { .. }),
            "{error:?}"
        );
        assert!(!error.is_unclear() && error.is_temporary());
    }
}

#[tokio::test]
async fn a_tls_connection_that_cannot_be_made_proves_that_nothing_was_sent() {
    let (base, _) = raw(Behaviour::CloseUnanswered).await;
    let paystack = client(&base.replace("http://", "https://"));
    let error = paystack.initialize(&initialize()).await.unwrap_err();
    assert!(
        matches!(error, PaystackError::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn reads_are_repeated_after_failures_and_short_waits() {
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(502).set_body_string("<html>"),
        ResponseTemplate::new(429).insert_header("retry-after", "0"),
        ResponseTemplate::new(503).insert_header("retry-after", "1"),
    ] {
        let server = once_then_verified(answer).await;
        let transaction = client(&server.uri()).verify(REFERENCE).await.unwrap();
        assert_eq!(transaction.status, TransactionStatus::Success);
    }
}

#[tokio::test]
async fn a_wait_longer_than_the_time_limit_is_handed_to_the_caller_at_once() {
    let answer = ResponseTemplate::new(429).insert_header("retry-after", "60");
    let server = always(answer, 1).await;
    let error = client(&server.uri()).verify(REFERENCE).await.unwrap_err();
    let PaystackError::RateLimited { retry_after } = error else {
        panic!("{error:?}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn reads_are_not_repeated_when_the_answer_is_plain() {
    for (status, message) in [
        (400, "Transaction reference not found"),
        (404, "Entity not found"),
        (401, "Invalid key"),
        (400, "Something else"),
    ] {
        let answer = ResponseTemplate::new(status).set_body_json(refused(message));
        let server = always(answer, 1).await;
        let error = client(&server.uri()).verify(REFERENCE).await.unwrap_err();
        assert_eq!(
            matches!(error, PaystackError::NotFound),
            message.contains("not found")
        );
        assert!(!error.is_temporary());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = always(ResponseTemplate::new(200).set_body_json(verified()), 0).await;
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let server = always(answer, 1).await;
        let error = client(&server.uri()).verify(REFERENCE).await.unwrap_err();
        assert!(matches!(error, PaystackError::Undecodable { .. }));
    }
}

#[tokio::test]
async fn a_huge_body_is_not_read_to_its_end() {
    let body = vec![b' '; 3 * 1024 * 1024];
    let server = always(ResponseTemplate::new(200).set_body_bytes(body), 1).await;
    let error = client(&server.uri()).verify(REFERENCE).await.unwrap_err();
    assert!(matches!(
        error,
        PaystackError::Undecodable {
            what: "a body over 1 MiB"
        }
    ));
}

#[tokio::test]
async fn an_answer_of_the_wrong_types_or_about_something_else_is_not_believed() {
    for (field, value) in [
        ("amount", json!(12_500.5)),
        ("amount", json!([1])),
        ("id", json!("many")),
        ("status", json!(true)),
        ("reference", json!("another")),
    ] {
        let mut body = verified();
        body["data"][field] = value;
        let server = always(ResponseTemplate::new(200).set_body_json(body), 1).await;
        let error = client(&server.uri()).verify(REFERENCE).await.unwrap_err();
        assert!(
            matches!(error, PaystackError::Undecodable { .. }),
            "{field}: {error:?}"
        );
    }
    for (field, value) in [
        ("reference", "another"),
        ("authorization_url", "javascript:alert(1)"),
    ] {
        let mut body = initialized();
        body["data"][field] = value.into();
        let server = always(ResponseTemplate::new(200).set_body_json(body), 1).await;
        assert!(
            client(&server.uri())
                .initialize(&initialize())
                .await
                .unwrap_err()
                .is_unclear()
        );
    }
}

#[tokio::test]
async fn a_reference_is_one_path_segment_and_an_impossible_one_is_never_sent() {
    let server = always(
        ResponseTemplate::new(400).set_body_json(refused("not found")),
        1,
    )
    .await;
    let paystack = client(&server.uri());
    for reference in ["a/../../refund?x=", "", "..", "."] {
        let error = paystack.verify(reference).await.unwrap_err();
        assert!(matches!(error, PaystackError::NotFound), "{reference}");
    }
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(
        sent.url.path(),
        "/transaction/verify/a%2F..%2F..%2Frefund%3Fx%3D"
    );
    assert_eq!(sent.url.query(), None);
}

#[tokio::test]
async fn charges_carry_their_channel_and_answer_what_to_do_next() {
    let charge = Charge {
        email: "ada@example.com",
        amount: 25_000,
        currency: "NGN",
        reference: REFERENCE,
        metadata: Some(&json!({"order": "A1"})),
    };
    let server = MockServer::start().await;
    let expires = DateTime::from_timestamp(1_745_512_857, 0).unwrap();
    let common = |channel: &str, details: Value| {
        let mut body = json!({"email": "ada@example.com", "amount": 25_000, "currency": "NGN",
            "reference": REFERENCE, "metadata": {"order": "A1"}});
        body[channel] = details;
        body
    };
    Mock::given(path("/charge"))
        .and(body_json(common(
            "bank_transfer",
            json!({"account_expires_at": "2025-04-24T16:40:57.000Z"}),
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "status": true, "message": "Charge attempted", "data": {
                "reference": REFERENCE, "status": "pending_bank_transfer",
                "account_name": "TEST-MANAGED-ACCOUNT", "account_number": "1260257501",
                "bank": {"slug": "test-bank", "name": "Test Bank", "id": 24},
                "account_expires_at": "2025-04-24T16:40:57.954Z"}})))
        .mount(&server)
        .await;
    Mock::given(path("/charge"))
        .and(body_json(common("ussd", json!({"type": "737"}))))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "status": true, "message": "Charge attempted", "data": {
                "reference": REFERENCE, "status": "pay_offline", "ussd_code": "*737*33*4*18791#",
                "display_text": "Please dial *737*33*4*18791# on your mobile phone"}})))
        .mount(&server)
        .await;
    let paystack = client(&server.uri());
    let transfer = paystack
        .charge_bank_transfer(&charge, Some(expires))
        .await
        .unwrap();
    assert!(matches!(transfer.answer, ChargeAnswer::BankTransfer(_)));
    let ussd = paystack
        .charge_ussd(&charge, UssdBank::GuarantyTrust)
        .await
        .unwrap();
    assert!(matches!(ussd.answer, ChargeAnswer::Offline { .. }));
}

#[tokio::test]
async fn lists_follow_the_cursor_and_count_what_they_cannot_read() {
    let server = MockServer::start().await;
    let row = verified()["data"].clone();
    let page = |rows: Value, next: Value| {
        ResponseTemplate::new(200).set_body_json(json!({"status": true, "message": "",
            "data": rows, "meta": {"next": next, "previous": "null", "perPage": "2"}}))
    };
    Mock::given(query_param("next", "c1="))
        .respond_with(page(json!([row]), json!("null")))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(query_param("use_cursor", "true"))
        .and(query_param("perPage", "2"))
        .and(query_param("from", "2026-11-01T00:00:00.000Z"))
        .respond_with(page(json!([row, {"id": "odd"}]), json!("c1=")))
        .mount(&server)
        .await;
    let paystack = client(&server.uri());
    let from = DateTime::from_timestamp(1_793_491_200, 0);
    let list = ListTransactions {
        from,
        per_page: 2,
        ..ListTransactions::default()
    };
    let first = paystack.list_transactions(&list).await.unwrap();
    assert_eq!((first.items.len(), first.undecodable), (1, 1));
    let cursor = first.next.as_deref();
    let second = paystack
        .list_transactions(&ListTransactions { cursor, ..list })
        .await
        .unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
}

#[tokio::test]
async fn a_refund_is_asked_for_once_and_found_again_among_those_of_others() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/refund"))
        .and(body_json(
            json!({"transaction": REFERENCE, "amount": 5000, "currency": "NGN",
            "merchant_note": "refund 7"}),
        ))
        .respond_with(ResponseTemplate::new(500))
        .expect(1)
        .mount(&server)
        .await;
    let row = |id: u64, transaction: u64| {
        json!({"id": id, "transaction": transaction, "amount": 5000, "currency": "NGN",
            "status": "pending", "merchant_note": format!("refund {id}")})
    };
    let full: Vec<Value> = (100..200).map(|id| row(id, 1)).collect();
    for (page, rows) in [("1", json!(full)), ("2", json!([row(7, 42), row(8, 1)]))] {
        let body = json!({"status": true, "message": "Refunds retrieved", "data": rows});
        Mock::given(method("GET"))
            .and(path("/refund"))
            .and(query_param("transaction", "42"))
            .and(query_param("page", page))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    let paystack = client(&server.uri());
    let new = NewRefund {
        transaction: REFERENCE,
        amount: 5000,
        currency: "NGN",
        merchant_note: "refund 7",
    };
    assert!(paystack.refund(&new).await.unwrap_err().is_unclear());
    let found = paystack.list_refunds(42).await.unwrap();
    assert_eq!(
        found.iter().map(|refund| refund.id).collect::<Vec<_>>(),
        [7]
    );
    assert_eq!(found[0].status, RefundStatus::Pending);
    assert_eq!(found[0].merchant_note.as_deref(), Some("refund 7"));
}

#[tokio::test]
async fn nothing_that_prints_holds_the_key_or_an_address() {
    let answer = ResponseTemplate::new(400).set_body_json(refused("No ada@example.com here"));
    let server = always(answer, 1).await;
    let paystack = client(&server.uri());
    let error = paystack.initialize(&initialize()).await.unwrap_err();
    let printed = format!("{paystack:?} {error} {error:?}");
    assert!(
        !printed.contains("sk_test_abc123") && !printed.contains("ada@"),
        "{printed}"
    );
}
