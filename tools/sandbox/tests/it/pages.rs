//! The pages that people look at.

use std::io::Write as _;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;

use crate::shop::Shop;

async fn page(shop: &Shop, path: &str) -> (u16, String, String) {
    let answer = shop.http.get(shop.url(path)).send().await.unwrap();
    let kind = answer
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    (
        answer.status().as_u16(),
        kind.unwrap_or_default(),
        answer.text().await.unwrap(),
    )
}

#[tokio::test]
async fn no_page_asks_for_anything_from_elsewhere() {
    let shop = Shop::open().await;
    let checkout = shop.initialize("mr-1", 500_000).await;
    let checkout = checkout
        .strip_prefix(shop.sandbox.url())
        .unwrap()
        .to_owned();
    for path in ["/", "/paystack", "/storefront/orders/A1", checkout.as_str()] {
        let (status, kind, html) = page(&shop, path).await;
        assert_eq!(
            (status, kind.as_str()),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        let outside = html.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !outside.contains("src=\"http") && !outside.contains("href=\"http"),
            "{path}"
        );
        assert!(!outside.contains("<link rel=\"stylesheet"), "{path}");
    }
}

#[tokio::test]
async fn the_storefront_shows_order_and_outcome_and_escapes_both() {
    let shop = Shop::open().await;
    let (_, _, html) = page(
        &shop,
        "/storefront/orders/MR-7K2?reference=mr-1&outcome=%3Cscript%3E",
    )
    .await;
    assert!(html.contains("MR-7K2") && html.contains("mr-1"));
    assert!(
        !html.contains("<script>") && html.contains("&#60;script"),
        "{html}"
    );
}

#[tokio::test]
async fn a_picture_is_the_same_each_time_and_kept_long() {
    let shop = Shop::open().await;
    let answer = shop
        .http
        .get(shop.url("/images/ankara-tote-bag.svg"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    assert!(
        answer.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("max-age=31536000")
    );
    let first = answer.text().await.unwrap();
    assert_eq!(page(&shop, "/images/ankara-tote-bag.svg").await.2, first);
    assert!(first.contains("<title>ankara tote bag</title>"));
    for wrong in ["/images/a.png", "/images/.svg", "/images/a%3Cb.svg"] {
        assert_eq!(page(&shop, wrong).await.0, 404, "{wrong}");
    }
}

#[tokio::test]
async fn docs_say_clearly_that_the_document_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("openapi.json");
    let shop = Shop::open_with(|config| config.openapi = Some(path.clone())).await;
    let (status, _, html) = page(&shop, "/docs/").await;
    assert_eq!(status, 404);
    assert!(html.contains("No API document yet") && html.contains("openapi.json"));
    assert_eq!(page(&shop, "/docs/openapi.json").await.0, 404);

    std::fs::File::create(&path)
        .unwrap()
        .write_all(b"{\"openapi\":")
        .unwrap();
    assert!(page(&shop, "/docs/").await.2.contains("is not JSON"));

    let document = json!({ "openapi": "3.1.0", "info": { "title": "Shop", "version": "1" }, "paths": {}, "servers": [{ "url": "https://api.shop.example" }] });
    std::fs::write(&path, document.to_string()).unwrap();
    let (status, _, html) = page(&shop, "/docs/").await;
    assert!(status == 200 && html.contains("swagger-ui"), "read afresh");
    let served = shop.get("/docs/openapi.json").await;
    assert_eq!(served["servers"][0]["url"], "http://localhost:9000");
    assert_eq!(served["info"]["title"], "Shop");
    let (status, kind, script) = page(&shop, "/docs/swagger-initializer.js").await;
    assert!(status == 200 && kind.contains("javascript"), "{kind}");
    assert!(script.contains("/docs/openapi.json"), "{script}");
    assert_eq!(page(&shop, "/docs/swagger-ui-bundle.js").await.0, 200);
    assert_eq!(page(&shop, "/docs").await.0, 308);
}

#[tokio::test]
async fn the_inbox_is_told_of_what_comes() {
    let shop = Shop::open().await;
    let answer = shop
        .http
        .get(shop.url("/inbox/events"))
        .send()
        .await
        .unwrap();
    let mut events = answer.bytes_stream();
    shop.http
        .delete(shop.url("/inbox/messages"))
        .send()
        .await
        .unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(2), events.next()).await;
    let heard = String::from_utf8(heard.unwrap().unwrap().unwrap().to_vec()).unwrap();
    assert!(heard.contains("event: cleared"), "{heard}");
}

#[tokio::test]
async fn stopping_frees_the_ports_at_once_also_with_calls_that_hang() {
    let shop = Shop::open().await;
    let (http, smtp) = (shop.sandbox.http_addr(), shop.sandbox.smtp_addr());
    shop.control(json!({ "target": "paystack.verify", "action": "hang" }))
        .await;
    let hanging = shop
        .http
        .get(shop.url("/paystack/transaction/verify/x"))
        .bearer_auth(crate::shop::KEY);
    let hanging = tokio::spawn(async move { hanging.send().await.is_err() });
    let open = shop
        .http
        .get(shop.url("/inbox/events"))
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::timeout(Duration::from_secs(3), shop.sandbox.stop())
        .await
        .unwrap();
    assert!(hanging.await.unwrap());
    drop(open);
    tokio::net::TcpListener::bind(http).await.unwrap();
    tokio::net::TcpListener::bind(smtp).await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let shop = Shop::open().await;
    let mut config = sandbox::SandboxConfig::for_tests();
    config.http_addr = shop.sandbox.http_addr();
    let error = sandbox::Sandbox::start(config)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("HTTP cannot listen on 127.0.0.1:"),
        "{error}"
    );
}
