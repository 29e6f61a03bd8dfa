//! What the client does when S3, or what stands between, misbehaves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::{Clock, Fault as _, Kind};
use storage::{Content, Key, Multipart, Storage, StorageError, StorageSettings, TimeLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Long after every time limit here, and long before a silent server gives up.
const LATE: Duration = Duration::from_secs(10);
const ETAG: &str = "\"0123456789abcdef\"";

/// A client that waits long enough for a busy machine.
fn client(base: &str) -> Storage {
    limited(base, Duration::from_secs(8))
}

/// A client for servers that never finish.
fn impatient(base: &str) -> Storage {
    limited(base, Duration::from_secs(1))
}

fn limited(base: &str, limit: Duration) -> Storage {
    let base = base.to_owned();
    let lookup = move |name: &str| match name {
        "STORAGE_BUCKET" => Some("madrush-test".to_owned()),
        "STORAGE_ENDPOINT" => Some(base.clone()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" => Some("AKIATEST".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("guarded".to_owned()),
        _ => None,
    };
    let settings = settings::read_from(lookup, StorageSettings::read).unwrap();
    let limits = TimeLimits {
        connect: limit,
        ask: limit,
        transfer: limit,
    };
    Storage::with_limits(&settings, Clock::system(), limits).unwrap()
}

fn key() -> Key {
    Key::new("products/1/2.png").unwrap()
}

fn content() -> Content<'static> {
    Content {
        bytes: Bytes::from_static(b"picture"),
        content_type: "image/png",
        cache_control: None,
        content_disposition: None,
    }
}

fn upload() -> Multipart {
    Multipart {
        key: key(),
        id: "up".to_owned(),
    }
}

fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
    ResponseTemplate::new(status).set_body_raw(body, "application/xml")
}

fn html() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<html>please wait</html>", "text/html")
}

/// A server that gives every call the same answer and expects so many calls.
async fn always(answer: ResponseTemplate, calls: u64) -> MockServer {
    let server = MockServer::start().await;
    let mock = Mock::given(any()).respond_with(answer);
    mock.expect(calls).mount(&server).await;
    server
}

/// A server that answers once with this and from then on takes whatever is put.
async fn once_then_takes(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let first = Mock::given(any()).respond_with(answer);
    first.up_to_n_times(1).mount(&server).await;
    let good = ResponseTemplate::new(200).insert_header("etag", ETAG);
    let then = Mock::given(any()).respond_with(good);
    then.expect(1).mount(&server).await;
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
    let head = "HTTP/1.1 206 Partial Content\r\netag: \"1\"\r\ncontent-range: bytes 0-99/100\r\ncontent-length: 100\r\n\r\n";
    match behaviour {
        Behaviour::CloseUnanswered => {}
        Behaviour::HalfAnAnswer => {
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[b'x'; 50]).await.unwrap();
        }
        Behaviour::Drip => {
            stream.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..99 {
                if stream.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Behaviour::Silent => tokio::time::sleep(Duration::from_secs(30)).await,
    }
}

#[tokio::test]
async fn an_object_is_put_with_exactly_the_documented_call() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/s3/madrush-test/products/1/2.png"))
        .and(header("content-type", "image/png"))
        .and(header("content-length", "7"))
        .respond_with(ResponseTemplate::new(200).insert_header("etag", ETAG))
        .expect(1)
        .mount(&server)
        .await;
    let storage = client(&format!("{}/s3", server.uri()));
    assert_eq!(storage.put(&key(), &content()).await.unwrap().etag, ETAG);
}

#[tokio::test]
async fn an_empty_object_says_that_it_is_empty() {
    let server = MockServer::start().await;
    let good = ResponseTemplate::new(200).insert_header("etag", ETAG);
    let mock = Mock::given(header("content-length", "0")).respond_with(good);
    mock.expect(1).mount(&server).await;
    let empty = Content {
        bytes: Bytes::new(),
        ..content()
    };
    client(&server.uri()).put(&key(), &empty).await.unwrap();
}

#[tokio::test]
async fn what_is_the_same_twice_is_repeated_after_failures_of_the_storage() {
    for answer in [
        error(500, "InternalError"),
        error(503, "SlowDown"),
        error(400, "RequestTimeout"),
        html(),
        ResponseTemplate::new(502).set_body_string("<html>"),
    ] {
        let server = once_then_takes(answer).await;
        client(&server.uri()).put(&key(), &content()).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_storage_refuses_is_not_repeated() {
    type Check = fn(&StorageError) -> bool;
    let cases: [(ResponseTemplate, Check); 5] = [
        (error(403, "AccessDenied"), StorageError::is_unavailable),
        (error(400, "ExpiredToken"), StorageError::is_unavailable),
        (error(404, "NoSuchBucket"), |error| {
            error.kind() == Kind::Bug
        }),
        (error(400, "EntityTooLarge"), |error| {
            error.kind() == Kind::Bug
        }),
        (error(301, "PermanentRedirect"), |error| {
            error.kind() == Kind::Bug
        }),
    ];
    for (answer, check) in cases {
        let server = always(answer, 1).await;
        let error = client(&server.uri())
            .put(&key(), &content())
            .await
            .unwrap_err();
        assert!(check(&error), "{error:?}");
    }
}

#[tokio::test]
async fn an_upload_in_parts_is_opened_once_whatever_comes_back() {
    for answer in [error(500, "InternalError"), error(503, "SlowDown"), html()] {
        let server = always(answer, 1).await;
        let opened = client(&server.uri())
            .create_multipart(&key(), "text/csv")
            .await;
        assert!(opened.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn a_200_that_ends_in_an_error_completes_nothing() {
    let failed = ResponseTemplate::new(200)
        .set_body_string("<?xml version=\"1.0\"?>\n   <Error><Code>InternalError</Code></Error>");
    let server = always(failed, 3).await;
    let etags = ["\"1\"".to_owned()];
    let error = client(&server.uri())
        .complete_multipart(&upload(), &etags)
        .await
        .unwrap_err();
    assert!(matches!(error, StorageError::Unclear(_)), "{error:?}");

    let server = always(error_gone(), 1).await;
    let error = client(&server.uri())
        .complete_multipart(&upload(), &etags)
        .await
        .unwrap_err();
    assert!(matches!(error, StorageError::UploadGone), "{error:?}");
}

fn error_gone() -> ResponseTemplate {
    error(404, "NoSuchUpload")
}

#[tokio::test]
async fn what_is_gone_already_is_deleted_and_given_up() {
    let server = always(error_gone(), 1).await;
    client(&server.uri())
        .abort_multipart(&upload())
        .await
        .unwrap();
    let server = always(error(404, "NoSuchKey"), 1).await;
    client(&server.uri()).delete(&key()).await.unwrap();
}

#[tokio::test]
async fn a_page_of_html_is_no_answer_to_anything() {
    let server = always(html(), 3 * 6).await;
    let storage = client(&server.uri());
    let etags = ["\"1\"".to_owned()];
    let answers = [
        storage.find(&key()).await.map(drop),
        storage.read_piece(&key(), 0, 100, None).await.map(drop),
        storage.put(&key(), &content()).await.map(drop),
        storage.delete(&key()).await,
        storage
            .upload_part(&upload(), 1, Bytes::new())
            .await
            .map(drop),
        storage.complete_multipart(&upload(), &etags).await,
    ];
    for answer in answers {
        assert!(
            matches!(answer, Err(StorageError::Undecodable { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_whole_object_is_not_read_where_a_piece_was_asked_for() {
    let huge = ResponseTemplate::new(200)
        .insert_header("etag", ETAG)
        .set_body_bytes(vec![b'x'; 3 * 1024 * 1024]);
    let server = always(huge, 3).await;
    let piece = client(&server.uri()).read_piece(&key(), 0, 64, None).await;
    assert!(
        matches!(piece, Err(StorageError::Undecodable { .. })),
        "{piece:?}"
    );
}

#[tokio::test]
async fn no_more_is_asked_for_than_is_read_at_once() {
    let server = always(html(), 0).await;
    let storage = client(&server.uri());
    for length in [0, storage::READ_LIMIT + 1] {
        let piece = storage.read_piece(&key(), 0, length, None).await;
        assert!(matches!(piece, Err(StorageError::TooMuch { .. })));
    }
    for number in [0, storage::MOST_PARTS + 1] {
        let part = storage.upload_part(&upload(), number, Bytes::new()).await;
        assert!(matches!(part, Err(StorageError::TooMuch { .. })));
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_drips_costs_no_more_than_the_time_limit() {
    for behaviour in [Behaviour::Silent, Behaviour::Drip] {
        let (base, connections) = raw(behaviour).await;
        let begun = Instant::now();
        let piece = impatient(&base).read_piece(&key(), 0, 100, None).await;
        assert!(piece.unwrap_err().is_unavailable());
        assert!(begun.elapsed() < LATE);
        assert!(
            connections.load(Ordering::SeqCst) > 1,
            "it was tried on a new connection"
        );
    }
    let (base, connections) = raw(Behaviour::Silent).await;
    let opened = impatient(&base).create_multipart(&key(), "text/csv").await;
    assert!(
        matches!(opened, Err(StorageError::Unclear(_))),
        "{opened:?}"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_and_then_told() {
    for behaviour in [Behaviour::CloseUnanswered, Behaviour::HalfAnAnswer] {
        let (base, connections) = raw(behaviour).await;
        let piece = client(&base).read_piece(&key(), 0, 100, None).await;
        assert!(matches!(piece, Err(StorageError::Unclear(_))), "{piece:?}");
        assert_eq!(connections.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let deleted = client(&base).delete(&key()).await;
    assert!(
        matches!(deleted, Err(StorageError::Unreachable(_))),
        "{deleted:?}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_errors_name_no_address() {
    let elsewhere = always(ResponseTemplate::new(200), 0).await;
    let moved = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let server = always(moved, 1).await;
    let error = client(&server.uri()).find(&key()).await.unwrap_err();
    assert!(
        matches!(error, StorageError::Refused { status: 307, .. }),
        "{error:?}"
    );

    let (base, _) = raw(Behaviour::CloseUnanswered).await;
    let error = client(&base).find(&key()).await.unwrap_err();
    let told = format!("{error:?} {}", domain::chain(&error));
    assert!(!told.contains("X-Amz-Signature"), "{told}");
}
