//! The stand-in for S3, driven by the shop's own client and by what a browser sends.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use domain::Clock;
use reqwest::StatusCode;
use sandbox::StorageAccount;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use storage::{
    Content, Key, LEAST_PART, Presigned, Promised, Signer, Storage, StorageError, StorageSettings,
};

use crate::shop::Shop;

const MINUTE: Duration = Duration::from_secs(60);

fn settings(shop: &Shop, account: &StorageAccount) -> StorageSettings {
    let (endpoint, account) = (shop.sandbox.storage_url(), account.clone());
    let lookup = move |name: &str| match name {
        "STORAGE_BUCKET" => Some(account.bucket.clone()),
        "STORAGE_ENDPOINT" => Some(endpoint.clone()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" => Some(account.access_key_id.clone()),
        "AWS_SECRET_ACCESS_KEY" => Some(account.secret_access_key.expose_secret().to_owned()),
        _ => None,
    };
    settings::read_from(lookup, StorageSettings::read).unwrap()
}

fn storage(shop: &Shop) -> Storage {
    let settings = settings(shop, &StorageAccount::for_tests());
    Storage::new(&settings, Clock::system()).unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn text(bytes: &'static [u8]) -> Content<'static> {
    Content {
        bytes: Bytes::from_static(bytes),
        content_type: "text/plain",
        cache_control: None,
        content_disposition: None,
    }
}

fn picture() -> Promised<'static> {
    Promised {
        content_type: Some("image/png"),
        bytes: Some(7),
        once: true,
    }
}

/// What a browser sends to a signed address: the headers that it is told, with some of them changed.
async fn put(
    shop: &Shop,
    to: &Presigned,
    body: &'static str,
    changed: &[(&str, &str)],
) -> (u16, String) {
    let mut request = shop.http.put(to.url.clone()).body(body);
    for (name, value) in &to.headers {
        let other = changed.iter().find(|(changed, _)| changed == name);
        match other.map_or(value.as_str(), |(_, value)| value) {
            "" => {}
            // The client's own, by the body's length.
            _ if *name == "content-length" => {}
            value => request = request.header(*name, value),
        }
    }
    let answer = request.send().await.unwrap();
    (
        answer.status().as_u16(),
        code(&answer.text().await.unwrap()),
    )
}

fn code(xml: &str) -> String {
    let code = xml
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(String::new, |(code, _)| code.to_owned())
}

#[tokio::test]
async fn what_is_put_can_be_found_read_in_pieces_and_deleted() {
    let shop = Shop::open().await;
    let (storage, key) = (storage(&shop), key("imports/1.csv"));
    assert_eq!(storage.find(&key).await.unwrap(), None);
    let missing = storage.read_piece(&key, 0, 10, None).await;
    assert!(
        matches!(missing, Err(StorageError::NotFound)),
        "{missing:?}"
    );

    let put = storage.put(&key, &text(b"0123456789")).await.unwrap();
    assert_eq!(storage.find(&key).await.unwrap().as_ref(), Some(&put));
    for (offset, length, expected) in [
        (0, 4, &b"0123"[..]),
        (8, 4, b"89"),
        (10, 4, b""),
        (99, 1, b""),
    ] {
        let piece = storage
            .read_piece(&key, offset, length, None)
            .await
            .unwrap();
        assert_eq!(
            (piece.bytes.as_ref(), piece.total),
            (expected, 10),
            "{offset}"
        );
    }

    storage.put(&key, &text(b"another")).await.unwrap();
    let piece = storage.read_piece(&key, 0, 4, Some(&put.etag)).await;
    assert!(matches!(piece, Err(StorageError::Changed)), "{piece:?}");

    storage.put(&key, &text(b"")).await.unwrap();
    assert_eq!(storage.find(&key).await.unwrap().unwrap().bytes, 0);
    assert_eq!(storage.read_piece(&key, 0, 4, None).await.unwrap().total, 0);
    for _ in 0..2 {
        storage.delete(&key).await.unwrap();
    }
    assert_eq!(storage.find(&key).await.unwrap(), None);
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let shop = Shop::open().await;
    let (storage, key) = (storage(&shop), key("exports/1.csv"));
    let upload = storage.create_multipart(&key, "text/csv").await.unwrap();
    let first = Bytes::from(vec![b'a'; LEAST_PART]);
    // A part that is sent again replaces itself.
    storage
        .upload_part(&upload, 1, Bytes::from_static(b"short"))
        .await
        .unwrap();
    let etags = [
        storage.upload_part(&upload, 1, first).await.unwrap(),
        storage
            .upload_part(&upload, 2, Bytes::from_static(b"the end"))
            .await
            .unwrap(),
    ];
    assert_eq!(
        storage.find(&key).await.unwrap(),
        None,
        "not before it is complete"
    );
    storage.complete_multipart(&upload, &etags).await.unwrap();
    let object = storage.find(&key).await.unwrap().unwrap();
    assert_eq!(object.bytes, LEAST_PART as u64 + 7);
    assert_eq!(object.content_type.as_deref(), Some("text/csv"));
    let end = storage
        .read_piece(&key, LEAST_PART as u64, 100, None)
        .await
        .unwrap();
    assert_eq!(end.bytes.as_ref(), b"the end");

    let again = storage.complete_multipart(&upload, &etags).await;
    assert!(matches!(again, Err(StorageError::UploadGone)), "{again:?}");
    storage.abort_multipart(&upload).await.unwrap();
    assert!(
        storage.find(&key).await.unwrap().is_some(),
        "what is complete stays"
    );
}

#[tokio::test]
async fn parts_that_are_too_small_or_unknown_complete_nothing() {
    let shop = Shop::open().await;
    let (storage, key) = (storage(&shop), key("exports/2.csv"));
    let upload = storage.create_multipart(&key, "text/csv").await.unwrap();
    let part = |number| storage.upload_part(&upload, number, Bytes::from_static(b"short"));
    let small = [part(1).await.unwrap(), part(2).await.unwrap()];
    for (etags, expected) in [
        (small, "EntityTooSmall"),
        (["\"x\"", "\"y\""].map(str::to_owned), "InvalidPart"),
    ] {
        let refused = storage
            .complete_multipart(&upload, &etags)
            .await
            .unwrap_err();
        assert!(
            matches!(&refused, StorageError::Refused { status: 400, code: Some(code) } if code == expected),
            "{refused:?}"
        );
    }
    storage.abort_multipart(&upload).await.unwrap();
    let late = storage.upload_part(&upload, 1, Bytes::new()).await;
    assert!(matches!(late, Err(StorageError::UploadGone)), "{late:?}");
    assert_eq!(storage.find(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_browser_uploads_exactly_what_was_signed_and_once() {
    let shop = Shop::open().await;
    let (storage, key) = (storage(&shop), key("products/1/2.png"));
    let to = storage.signer.presign_put(&key, picture(), MINUTE);
    let refused = (403, "SignatureDoesNotMatch".to_owned());
    for changed in [
        ("content-type", "text/html"),
        ("content-type", ""),
        ("if-none-match", ""),
    ] {
        assert_eq!(
            put(&shop, &to, "picture", &[changed]).await,
            refused,
            "{changed:?}"
        );
    }
    assert_eq!(
        put(&shop, &to, "a larger picture", &[]).await,
        refused,
        "another length"
    );
    let mut elsewhere = to.clone();
    elsewhere.url.set_path("/s3/madrush-test/products/1/3.png");
    assert_eq!(
        put(&shop, &elsewhere, "picture", &[]).await,
        refused,
        "another object"
    );
    assert_eq!(storage.find(&key).await.unwrap(), None);

    assert_eq!(put(&shop, &to, "picture", &[]).await.0, 200);
    assert_eq!(storage.find(&key).await.unwrap().unwrap().bytes, 7);
    let again = put(&shop, &to, "PICTURE", &[]).await;
    assert_eq!(again, (412, "PreconditionFailed".to_owned()));
    let piece = storage.read_piece(&key, 0, 7, None).await.unwrap();
    assert_eq!(piece.bytes.as_ref(), b"picture");
}

#[tokio::test]
async fn an_address_ends_and_is_no_ones_who_has_another_key() {
    let shop = Shop::open().await;
    let key = key("products/1/2.png");
    let account = StorageAccount::for_tests();
    let past = Clock::fixed(Clock::system().now() - TimeDelta::seconds(61));
    let late = Signer::new(&settings(&shop, &account), past).unwrap();
    let late = put(
        &shop,
        &late.presign_put(&key, picture(), MINUTE),
        "picture",
        &[],
    )
    .await;
    assert_eq!(late, (403, "AccessDenied".to_owned()));

    let mut stranger = account.clone();
    stranger.access_key_id = "AKIASTRANGER".to_owned();
    let mut forger = account.clone();
    forger.secret_access_key = SecretString::from("guessed");
    let mut lost = account;
    lost.bucket = "another-bucket".to_owned();
    for (account, status, expected) in [
        (stranger, 403, "InvalidAccessKeyId"),
        (forger, 403, "SignatureDoesNotMatch"),
        (lost, 404, "NoSuchBucket"),
    ] {
        let signer = Signer::new(&settings(&shop, &account), Clock::system()).unwrap();
        let told = put(
            &shop,
            &signer.presign_put(&key, picture(), MINUTE),
            "picture",
            &[],
        )
        .await;
        assert_eq!(told, (status, expected.to_owned()));
    }

    let bare = shop.url("/s3/madrush-test/products/1/2.png");
    let bare = shop.http.put(bare).body("picture").send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::FORBIDDEN);
    assert_eq!(code(&bare.text().await.unwrap()), "AccessDenied");
    assert_eq!(storage(&shop).find(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_download_is_named_and_pictures_alone_are_public() {
    let shop = Shop::open().await;
    let storage = storage(&shop);
    let (export, image) = (key("exports/1.csv"), key("products/1/2.png"));
    storage.put(&export, &text(b"sku,price")).await.unwrap();
    storage.put(&image, &text(b"picture")).await.unwrap();

    let from = storage
        .signer
        .presign_get(&export, Some("products.csv"), MINUTE);
    let answer = shop.http.get(from.url).send().await.unwrap();
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"products.csv\""
    );
    assert_eq!(answer.text().await.unwrap(), "sku,price");

    let public = |key: &Key| {
        shop.http
            .get(format!("{}/{key}", shop.sandbox.images_url()))
            .send()
    };
    let answer = public(&image).await.unwrap();
    assert_eq!(
        answer.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(answer.text().await.unwrap(), "picture");
    for hidden in [&export, &key("products/1/3.png")] {
        assert_eq!(
            public(hidden).await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{hidden}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_upload() {
    let shop = Shop::open().await;
    let asked = shop
        .http
        .request(reqwest::Method::OPTIONS, shop.url("/s3/madrush-test/a.png"));
    let asked = asked.header("origin", "http://localhost:5173");
    let answer = asked
        .header("access-control-request-method", "PUT")
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let headers = answer.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(headers.contains("content-type") && headers.contains("if-none-match"));
}

#[tokio::test]
async fn objects_outlive_the_process_where_they_have_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let open = || Shop::open_with(|config| config.storage.folder = Some(path.clone()));
    let shop = open().await;
    let (kept, deleted) = (key("products/1/kept.png"), key("products/1/deleted.png"));
    storage(&shop).put(&kept, &text(b"picture")).await.unwrap();
    storage(&shop)
        .put(&deleted, &text(b"picture"))
        .await
        .unwrap();
    storage(&shop).delete(&deleted).await.unwrap();
    drop(shop);
    let shop = open().await;
    let object = storage(&shop).find(&kept).await.unwrap().unwrap();
    assert_eq!(
        (object.bytes, object.content_type.as_deref()),
        (7, Some("text/plain"))
    );
    assert_eq!(storage(&shop).find(&deleted).await.unwrap(), None);
}

#[tokio::test]
async fn it_misbehaves_on_order_and_the_client_bears_it() {
    let shop = Shop::open().await;
    let (storage, key) = (storage(&shop), key("products/1/2.png"));
    for action in ["refuse", "html", "drop"] {
        shop.control(json!({"target": "storage.*", "action": action, "times": 2}))
            .await;
        storage.put(&key, &text(action.as_bytes())).await.unwrap();
        let piece = storage.read_piece(&key, 0, 10, None).await.unwrap();
        assert_eq!(piece.bytes.as_ref(), action.as_bytes());
    }
    let other = json!({"target": "storage.*", "action": "refuse", "status": 503, "match": {"reference": "another/key"}});
    shop.control(other).await;
    assert!(storage.find(&key).await.unwrap().is_some());
}
