//! Pictures: promised, uploaded, seen, described, moved, deleted.

use cache::CacheSettings;
use catalog::testing::{a_category, a_product};
use domain::{Permission, ProductId};
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};
use stage::{Report, Stage};
use uuid::Uuid;

const CREATE: &str = env!("CARGO_BIN_EXE_admin-create-image-upload");
const UPDATE: &str = env!("CARGO_BIN_EXE_admin-update-image");
const DELETE: &str = env!("CARGO_BIN_EXE_admin-delete-image");
const SYNC: &str = env!("CARGO_BIN_EXE_sync-product");
const GET_PRODUCT: &str = env!("CARGO_BIN_EXE_get-product");

const QUEUE: &str = "product_updates";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";

/// A shop with one product, those who give it pictures, and a browser.
struct Studio {
    stage: Stage,
    product: ProductId,
    create: Function,
    update: Function,
    delete: Function,
    sync: Function,
    get_product: Function,
    token: String,
    browser: reqwest::Client,
}

impl Studio {
    async fn open() -> Self {
        let stage = Stage::set().await;
        let redis = settings::read(CacheSettings::read)
            .expect("the running Redis's settings: `cargo dev env`");
        let (port, prefix) = (redis.port.to_string(), format!("test-{}", Uuid::new_v4()));
        let cache = [
            ("REDIS_HOST", redis.host.as_str()),
            ("REDIS_PORT", &port),
            ("REDIS_PREFIX", &prefix),
        ];
        let start = |binary: &str| Function::spawn(binary, &stage.settings_with(binary, &cache));
        let mut connection = stage.db.connect().await;
        let shirts = a_category(&mut connection, "Shirts", None).await;
        let product = a_product("Ankara shirt", shirts)
            .insert(&mut connection)
            .await;
        Self {
            create: start(CREATE),
            update: start(UPDATE),
            delete: start(DELETE),
            sync: start(SYNC),
            get_product: start(GET_PRODUCT),
            token: stage.staff_token("ada", &[Permission::WriteCatalogue]),
            browser: reqwest::Client::builder().no_proxy().build().unwrap(),
            product: product.id,
            stage,
        }
    }

    async fn create(&self, body: &Value) -> Response {
        self.create
            .send(create(self.product, body).bearer(&self.token))
            .await
    }

    /// Promises a picture of these bytes as PNG.
    async fn promise(&self, bytes: usize) -> Value {
        let answer = self
            .create(&json!({"content_type": "image/png", "bytes": bytes}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Promises and uploads a picture, and lets it be seen; its id.
    async fn picture(&self) -> String {
        let promised = self.promise(PNG.len()).await;
        assert_eq!(self.upload(&promised, PNG).await, 200);
        self.time_passes().await;
        id(&promised)
    }

    /// What a browser does with the answer.
    async fn upload(&self, promised: &Value, bytes: &'static [u8]) -> u16 {
        let upload = &promised["upload"];
        assert_eq!(upload["method"], "PUT");
        let mut request = self.browser.put(upload["url"].as_str().unwrap());
        for (name, value) in upload["headers"].as_object().unwrap() {
            // A browser's own, by the body's length.
            if name != "content-length" {
                request = request.header(name, value.as_str().unwrap());
            }
        }
        request.body(bytes).send().await.unwrap().status().as_u16()
    }

    async fn change(&self, image: &str, version: i64, body: &Value) -> Response {
        let request =
            update(self.product, image, body).header("if-match", &format!("\"{version}\""));
        self.update.send(request.bearer(&self.token)).await
    }

    async fn delete(&self, image: &str, version: i64) -> Response {
        let request = delete(self.product, image).header("if-match", &format!("\"{version}\""));
        self.delete.send(request.bearer(&self.token)).await
    }

    /// Everything that waits comes due and is worked, what that announces included, once.
    async fn time_passes(&self) -> Report {
        self.stage.let_messages_come_due().await;
        self.stage.deliver(&self.sync, QUEUE).await
    }

    /// The pictures that customers see.
    async fn seen(&self) -> Vec<Value> {
        let request = Request::get("/api/products/ankara-shirt").route("/api/products/{slug}");
        let product = self.get_product.send(request).await.json();
        product["images"].as_array().unwrap().clone()
    }

    async fn version(&self) -> i64 {
        let row = self.stage.row("SELECT version FROM products").await;
        row["version"].as_i64().unwrap()
    }

    async fn fetch(&self, url: &str) -> u16 {
        self.browser
            .get(url)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }
}

fn create(product: impl ToString, body: &Value) -> Request {
    Request::post(&format!(
        "/api/admin/products/{}/images",
        product.to_string()
    ))
    .route("/api/admin/products/{id}/images")
    .json(body)
}

fn one(method: &'static str, product: impl ToString, image: &str) -> Request {
    Request::new(
        method,
        &format!("/api/admin/products/{}/images/{image}", product.to_string()),
    )
    .route("/api/admin/products/{id}/images/{image_id}")
}

fn update(product: impl ToString, image: &str, body: &Value) -> Request {
    one("PATCH", product, image).json(body)
}

fn delete(product: impl ToString, image: &str) -> Request {
    one("DELETE", product, image)
}

fn id(promised: &Value) -> String {
    promised["image"]["id"].as_str().unwrap().to_owned()
}

fn told(answer: &Response) -> (u16, String) {
    (
        answer.status,
        answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

fn faults(answer: &Response) -> Vec<(String, String)> {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let word = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|error| (word(error, "pointer"), word(error, "code")))
        .collect()
}

#[tokio::test]
async fn a_picture_is_on_the_product_as_soon_as_it_was_uploaded() {
    let studio = Studio::open().await;
    let body = json!({"content_type": "image/png", "bytes": PNG.len(), "alt": " From  behind "});
    let answer = studio.create(&body).await;
    assert_eq!((answer.status, answer.header("etag")), (201, Some("\"2\"")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let promised = answer.json();
    assert_eq!(promised["version"], 2);
    let (image, upload) = (&promised["image"], &promised["upload"]);
    assert_eq!(
        (&image["status"], &image["alt"], &image["position"]),
        (&json!("awaited"), &json!("From behind"), &json!(0))
    );
    let expected = json!({"content-length": PNG.len().to_string(), "content-type": "image/png", "if-none-match": "*"});
    assert_eq!(upload["headers"], expected);
    assert!(studio.seen().await.is_empty());

    assert_eq!(
        studio.time_passes().await,
        Report::done(1),
        "asked for, and not there yet"
    );
    assert!(studio.seen().await.is_empty());
    assert_eq!(studio.upload(&promised, PNG).await, 200);
    assert_eq!(studio.time_passes().await, Report::done(1));
    let seen = studio.seen().await;
    assert_eq!(seen, [json!({"url": image["url"], "alt": "From behind"})]);
    let shown = studio
        .browser
        .get(seen[0]["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.bytes().await.unwrap(), PNG);
    assert_eq!(studio.version().await, 3);
    let audited = studio
        .stage
        .rows("SELECT action, actor FROM audit_log ORDER BY id")
        .await;
    assert_eq!(
        audited,
        [
            json!({"action": "image.requested", "actor": "ada"}),
            json!({"action": "image.uploaded", "actor": "sync-product"})
        ]
    );
    assert_eq!(studio.stage.announced().await, ["product.updated"]);
    assert_eq!(
        studio.upload(&promised, PNG).await,
        412,
        "nobody replaces what was looked at"
    );
}

#[tokio::test]
async fn a_change_describes_moves_and_finds_what_has_come() {
    let studio = Studio::open().await;
    let first = studio.picture().await;
    let promised = studio.promise(PNG.len()).await;
    assert_eq!(studio.upload(&promised, PNG).await, 200);
    let version = studio.version().await;
    let change = json!({"alt": "From the front", "position": 0});
    let answer = studio.change(&id(&promised), version, &change).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let image = &body["image"];
    assert_eq!(
        (&image["status"], &image["position"]),
        (&json!("uploaded"), &json!(0))
    );
    assert_eq!(body["version"], version + 1);
    assert_eq!(
        answer.header("etag"),
        Some(format!("\"{}\"", version + 1).as_str())
    );
    let alts = |seen: Vec<Value>| {
        seen.iter()
            .map(|image| image["alt"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(alts(studio.seen().await), ["From the front", ""]);

    let answer = studio
        .change(&first, version + 1, &json!({"position": 0, "alt": "x"}))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(alts(studio.seen().await), ["x", "From the front"]);
    let answer = studio
        .change(&first, version + 2, &json!({"alt": null}))
        .await;
    assert_eq!(answer.json()["image"]["alt"], "");
    let same = studio
        .change(&first, version + 3, &json!({"alt": "", "position": 0}))
        .await;
    assert_eq!(
        (same.status, same.json()["version"].clone()),
        (200, json!(version + 3))
    );
    studio.stage.announced().await;
}

#[tokio::test]
async fn what_is_not_the_promised_picture_never_becomes_one() {
    let studio = Studio::open().await;
    let text = b"<html><script>alert(1)</script></html>";
    let promised = studio.promise(text.len()).await;
    assert_eq!(
        studio.upload(&promised, PNG).await,
        403,
        "another size is refused by the bucket"
    );
    assert_eq!(studio.upload(&promised, text).await, 200);
    let untouched = studio.change(&id(&promised), 2, &json!({})).await;
    assert_eq!(untouched.json()["image"]["status"], "awaited");
    assert_eq!(studio.time_passes().await, Report::done(1));
    assert_eq!(studio.stage.count("SELECT FROM product_images").await, 0);
    let row = studio
        .stage
        .row("SELECT after FROM audit_log WHERE action = 'image.withdrawn'")
        .await;
    assert_eq!(row["after"], json!({"reason": "another_type"}));

    let url = promised["image"]["url"].as_str().unwrap();
    assert_eq!(studio.fetch(url).await, 200, "nobody has deleted it yet");
    assert_eq!(studio.time_passes().await, Report::done(1));
    assert_eq!(studio.fetch(url).await, 403);
    studio.stage.announced().await;
}

#[tokio::test]
async fn a_picture_that_never_comes_is_given_up() {
    let studio = Studio::open().await;
    studio.promise(PNG.len()).await;
    for _ in 0..3 {
        assert_eq!(
            studio.time_passes().await,
            Report::done(1),
            "asked again and again"
        );
    }
    studio
        .stage
        .execute("UPDATE product_images SET upload_until = now() - interval '1 hour'")
        .await;
    assert_eq!(studio.time_passes().await, Report::done(1));
    assert_eq!(studio.stage.count("SELECT FROM product_images").await, 0);
    assert_eq!(studio.time_passes().await, Report::done(1));
    assert_eq!(studio.stage.count("SELECT FROM removed_images").await, 0);
    assert!(studio.stage.announced().await.is_empty());
    let row = studio
        .stage
        .row("SELECT after FROM audit_log WHERE action = 'image.withdrawn'")
        .await;
    assert_eq!(row["after"], json!({"reason": "never_uploaded"}));
}

#[tokio::test]
async fn a_deleted_picture_is_gone_and_cannot_be_brought_back() {
    let studio = Studio::open().await;
    let promised = studio.promise(PNG.len()).await;
    assert_eq!(studio.upload(&promised, PNG).await, 200);
    studio.time_passes().await;
    let url = promised["image"]["url"].as_str().unwrap();
    let answer = studio.delete(&id(&promised), 3).await;
    assert_eq!((answer.status, answer.text()), (204, String::new()));
    assert!(studio.seen().await.is_empty());
    studio.time_passes().await;
    assert_eq!(studio.fetch(url).await, 403);

    assert_eq!(
        studio.upload(&promised, PNG).await,
        200,
        "the address still works"
    );
    studio
        .stage
        .execute("UPDATE removed_images SET upload_until = now() - interval '1 hour'")
        .await;
    studio.time_passes().await;
    assert_eq!(studio.fetch(url).await, 403);
    assert_eq!(studio.stage.count("SELECT FROM removed_images").await, 0);
    assert_eq!(
        told(&studio.delete(&id(&promised), 4).await),
        (404, "not_found".to_owned())
    );
    studio.stage.announced().await;
}

#[tokio::test]
async fn a_bucket_that_is_away_costs_time_and_no_picture() {
    let studio = Studio::open().await;
    let promised = studio.promise(PNG.len()).await;
    assert_eq!(studio.upload(&promised, PNG).await, 200);
    let away = json!({"target": "storage.*", "action": "refuse", "status": 503, "times": 1000});
    studio.stage.control(away).await;
    let report = studio.time_passes().await;
    assert_eq!((report.done, report.rescheduled, report.parked), (0, 1, 0));
    let answer = studio.change(&id(&promised), 2, &json!({"alt": "x"})).await;
    assert_eq!(
        (answer.status, &answer.json()["image"]["status"]),
        (200, &json!("awaited"))
    );
    studio
        .stage
        .control(json!({"target": "storage.*", "action": "refuse", "times": 0}))
        .await;
    assert_eq!(studio.time_passes().await, Report::done(1));
    assert_eq!(studio.seen().await.len(), 1);
    studio.stage.announced().await;
}

#[tokio::test]
async fn a_product_has_twenty_pictures_at_most() {
    let studio = Studio::open().await;
    for _ in 0..20 {
        studio.promise(1).await;
    }
    let before = studio.stage.fingerprints().await;
    let answer = studio
        .create(&json!({"content_type": "image/avif", "bytes": 1}))
        .await;
    assert_eq!(told(&answer), (409, "too_many_images".to_owned()));
    assert_eq!(studio.stage.fingerprints().await, before);
    studio.stage.announced().await;
}

#[tokio::test]
async fn who_may_not_change_the_catalogue_writes_nothing() {
    let studio = Studio::open().await;
    let image = studio.picture().await;
    let before = studio.stage.fingerprints().await;
    let others: Vec<_> = Permission::ALL
        .iter()
        .copied()
        .filter(|one| *one != Permission::WriteCatalogue)
        .collect();
    let lacking = studio.stage.staff_token("ada", &others);
    let product = studio.product;
    let body = json!({"content_type": "image/png", "bytes": 1});
    for (function, request) in [
        (&studio.create, create(product, &body)),
        (
            &studio.update,
            update(product, &image, &json!({"alt": "x"})).header("if-match", "\"3\""),
        ),
        (
            &studio.delete,
            delete(product, &image).header("if-match", "\"3\""),
        ),
    ] {
        let answer = function.send(request.clone()).await;
        assert_eq!(told(&answer), (401, "unauthorized".to_owned()));
        let answer = function.send(request.bearer(&lacking)).await;
        assert_eq!(told(&answer), (403, "forbidden".to_owned()));
    }
    assert_eq!(studio.stage.fingerprints().await, before);
    studio.stage.announced().await;
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_made_of() {
    let studio = Studio::open().await;
    let image = studio.picture().await;
    let before = studio.stage.fingerprints().await;
    let product = studio.product;
    for (version, expected) in [
        (None, (428, "version_required")),
        (Some("*"), (428, "version_required")),
        (Some("3"), (400, "malformed_version")),
        (Some("\"2\""), (412, "stale_version")),
        (Some("\"4\""), (412, "stale_version")),
    ] {
        let with = |request: Request| match version {
            Some(version) => request.header("if-match", version).bearer(&studio.token),
            None => request.bearer(&studio.token),
        };
        let changed = studio
            .update
            .send(with(update(product, &image, &json!({"alt": "x"}))))
            .await;
        let deleted = studio.delete.send(with(delete(product, &image))).await;
        for answer in [changed, deleted] {
            assert_eq!(
                told(&answer),
                (expected.0, expected.1.to_owned()),
                "{version:?}"
            );
        }
    }
    assert_eq!(studio.stage.fingerprints().await, before);
    studio.stage.announced().await;
}

#[tokio::test]
async fn what_is_not_there_or_anothers_is_not_found() {
    let studio = Studio::open().await;
    let image = studio.picture().await;
    let mut connection = studio.stage.db.connect().await;
    let shoes = a_category(&mut connection, "Shoes", None).await;
    let other = a_product("Sandals", shoes)
        .insert(&mut connection)
        .await
        .id
        .to_string();
    let before = studio.stage.fingerprints().await;
    let (nobody, own) = (Uuid::now_v7().to_string(), studio.product.to_string());
    let body = json!({"content_type": "image/png", "bytes": 1});
    for product in [&nobody, "x", "%00"] {
        let answer = studio
            .create
            .send(create(product, &body).bearer(&studio.token))
            .await;
        assert_eq!(told(&answer), (404, "not_found".to_owned()), "{product}");
    }
    for (product, image) in [
        (&other, image.as_str()),
        (&own, &nobody),
        (&nobody, &image),
        (&own, "x"),
    ] {
        for version in ["\"1\"", "\"3\""] {
            let change = update(product, image, &json!({"alt": "x"})).header("if-match", version);
            let removal = delete(product, image).header("if-match", version);
            for (function, request) in [(&studio.update, change), (&studio.delete, removal)] {
                let answer = function.send(request.bearer(&studio.token)).await;
                assert_eq!(
                    told(&answer),
                    (404, "not_found".to_owned()),
                    "{product} {image}"
                );
            }
        }
    }
    assert_eq!(studio.stage.fingerprints().await, before);
    studio.stage.announced().await;
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once_and_nothing_is_written() {
    let studio = Studio::open().await;
    let image = studio.picture().await;
    let before = studio.stage.fingerprints().await;
    let wrong = json!({
        "content_type": "image/svg+xml", "bytes": 10_485_761, "alt": "x".repeat(301), "position": -1,
        "url": "https://elsewhere.example",
    });
    let answer = studio.create(&wrong).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("/url", "unknown_field"),
        ("/content_type", "unknown_word"),
        ("/bytes", "invalid_image_size"),
        ("/alt", "invalid_alt"),
        ("/position", "wrong_type"),
    ];
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect()
    };
    assert_eq!(faults(&answer), owned(&expected));
    for bytes in [json!(0), json!(-5), json!(1.5), json!("9"), json!(null)] {
        let answer = studio
            .create(&json!({"content_type": "image/png", "bytes": bytes}))
            .await;
        assert_eq!(answer.status, 422, "{bytes}");
    }
    let answer = studio
        .change(&image, 3, &json!({"key": "x", "alt": 7, "position": null}))
        .await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("/key", "unknown_field"),
        ("/alt", "wrong_type"),
        ("/position", "required"),
    ];
    assert_eq!(faults(&answer), owned(&expected));
    assert_eq!(studio.stage.fingerprints().await, before);
    studio.stage.announced().await;
}
