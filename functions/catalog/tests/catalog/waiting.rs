//! Thresholds that are crossed, and who waits for a variant to be back: each told once.

use std::collections::BTreeSet;

use cache::CacheSettings;
use domain::{Email, VariantId};
use notifications::{Begun, Content, Recipient, begin_sending};
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};
use stage::{Report, Stage};
use uuid::Uuid;

const SUBSCRIBE: &str = env!("CARGO_BIN_EXE_subscribe-back-in-stock");
const SYNC: &str = env!("CARGO_BIN_EXE_sync-product");
const QUEUE: &str = "product_updates";
const ROUTE: &str = "/api/variants/{id}/stock-alerts";

struct Shelf {
    stage: Stage,
    cache: [(&'static str, String); 3],
}

impl Shelf {
    async fn open() -> Self {
        let redis = settings::read(CacheSettings::read)
            .expect("the running Redis's settings: `cargo dev env`");
        let cache = [
            ("REDIS_HOST", redis.host),
            ("REDIS_PORT", redis.port.to_string()),
            ("REDIS_PREFIX", format!("test-{}", Uuid::new_v4())),
        ];
        let stage = Stage::set().await;
        Self { stage, cache }
    }

    fn sync(&self) -> Function {
        let cache: Vec<(&str, &str)> = self.cache.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Function::spawn(SYNC, &self.stage.settings_with(SYNC, &cache))
    }

    async fn asks(&self, function: &Function, variant: impl ToString, body: &Value) -> Response {
        let target = ROUTE.replace("{id}", &variant.to_string());
        let request = Request::post(&target).route(ROUTE).json(body);
        function.send(request).await
    }

    async fn waits(&self, variant: VariantId, email: &str) {
        let mut tx = self.stage.db.database.begin().await.unwrap();
        let (now, sealer) = (
            self.stage.resources.clock.now(),
            &self.stage.resources.sealer,
        );
        let email = Email::parse(email).unwrap();
        stock::subscribe(&mut tx, now, sealer, variant, &email)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Puts so many pieces there, behind the shop's back.
    async fn lie(&self, variant: VariantId, pieces: i64) {
        let change = format!(
            "INSERT INTO stock_movements (variant_id, location_id, kind, on_hand, actor)
             SELECT variant_id, location_id, 'adjusted', {pieces} - on_hand, 'test'
             FROM stock_levels WHERE variant_id = '{variant}' AND on_hand <> {pieces};
             UPDATE stock_levels SET on_hand = {pieces} WHERE variant_id = '{variant}'"
        );
        self.stage.execute(&change).await;
    }

    /// Tells so many instances at once, each by messages of its own.
    async fn tell(&self, variant: VariantId, instances: usize, messages: usize) {
        let functions: Vec<Function> = (0..instances).map(|_| self.sync()).collect();
        let mut told = Vec::new();
        for function in &functions {
            let each = || {
                self.stage
                    .a_message("stock.changed", json!({ "variant_id": variant }))
            };
            let batch: Vec<_> = (0..messages).map(|_| each()).collect();
            told.push(async move { self.stage.hand(function, QUEUE, &batch).await });
        }
        let done = Report::done(messages as u64);
        for report in futures_util::future::join_all(told).await {
            assert_eq!(report, done);
        }
    }

    async fn alerts(&self) -> Vec<Value> {
        let alerts = "SELECT kind, alert FROM activity ORDER BY id";
        self.stage.rows(alerts).await
    }

    /// To whom something was said, and what.
    async fn letters(&self) -> Vec<(String, String)> {
        let mut letters = Vec::new();
        let (cause, sealer) = (
            domain::Cause::new(self.stage.resources.clock.now(), "test", "req"),
            &self.stage.resources.sealer,
        );
        for row in self
            .stage
            .rows("SELECT id FROM notifications WHERE kind = 'back_in_stock'")
            .await
        {
            let id = row["id"].as_str().unwrap().parse().unwrap();
            let mut connection = self.stage.db.connect().await;
            let begun = begin_sending(&mut connection, &cause, sealer, id)
                .await
                .unwrap();
            let Begun::Send(letter) = begun else {
                panic!("{begun:?}")
            };
            let (Recipient::Email(email), Content::BackInStock(product)) =
                (&letter.letter.recipient, &letter.letter.content)
            else {
                panic!("{letter:?}")
            };
            letters.push((email.as_str().to_owned(), product.name.clone()));
        }
        letters.sort_unstable();
        letters
    }
}

#[tokio::test]
async fn a_crossing_is_told_once_however_many_look_at_once() {
    let shelf = Shelf::open().await;
    let sandals = shelf.stage.a_product(1_000, 3).await;
    shelf.tell(sandals, 4, 5).await;
    let low = json!({ "kind": "stock_low", "alert": true });
    assert_eq!(shelf.alerts().await, std::slice::from_ref(&low));
    shelf.lie(sandals, 0).await;
    shelf.tell(sandals, 2, 2).await;
    let out = json!({ "kind": "stock_out", "alert": true });
    assert_eq!(shelf.alerts().await, [low, out]);
    assert!(shelf.stage.announced().await.is_empty());
}

#[tokio::test]
async fn who_waits_is_told_once_when_the_variant_is_back_and_not_before() {
    let shelf = Shelf::open().await;
    let boots = shelf.stage.a_product(1_000, 0).await;
    let subscribe = shelf.stage.spawn(SUBSCRIBE);
    for email in ["ada@example.com", "Ada@Example.COM", "chidi@example.com"] {
        let answer = shelf
            .asks(&subscribe, boots, &json!({ "email": email }))
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert_eq!(
            answer.json(),
            json!({ "variant_id": boots, "status": "waiting" })
        );
    }
    shelf.tell(boots, 1, 1).await;
    assert!(shelf.letters().await.is_empty());

    shelf.lie(boots, 9).await;
    let message = shelf
        .stage
        .a_message("stock.changed", json!({ "variant_id": boots }));
    let sync = shelf.sync();
    for _ in 0..2 {
        let batch = std::slice::from_ref(&message);
        assert_eq!(shelf.stage.hand(&sync, QUEUE, batch).await, Report::done(1));
    }
    shelf.tell(boots, 3, 3).await;
    let told = |email: &str| (email.to_owned(), "Leather sandals (42)".to_owned());
    let expected = [told("ada@example.com"), told("chidi@example.com")];
    assert_eq!(shelf.letters().await, expected);
    assert_eq!(shelf.stage.announced().await, ["notification.requested"; 2]);
    let kept = "SELECT FROM stock_alerts WHERE email IS NOT NULL OR email_index IS NOT NULL";
    assert_eq!(shelf.stage.count(kept).await, 0);
}

#[tokio::test]
async fn more_than_a_batch_are_told_in_several_messages_and_nobody_twice() {
    let shelf = Shelf::open().await;
    let boots = shelf.stage.a_product(1_000, 0).await;
    for person in 0..205 {
        shelf
            .waits(boots, &format!("person{person}@example.com"))
            .await;
    }
    shelf.lie(boots, 9).await;
    shelf.tell(boots, 1, 1).await;
    assert_eq!(shelf.stage.count("SELECT FROM notifications").await, 200);
    let sync = shelf.sync();
    assert_eq!(shelf.stage.deliver(&sync, QUEUE).await, Report::done(1));
    assert_eq!(shelf.stage.deliver(&sync, QUEUE).await, Report::default());
    let letters = shelf.letters().await;
    let people: BTreeSet<&String> = letters.iter().map(|(email, _)| email).collect();
    assert_eq!((letters.len(), people.len()), (205, 205));
    assert_eq!(
        shelf.stage.announced().await,
        ["notification.requested"; 205]
    );
}

#[tokio::test]
async fn who_waits_for_what_is_taken_off_sale_goes_on_waiting() {
    let shelf = Shelf::open().await;
    let boots = shelf.stage.a_product(1_000, 0).await;
    shelf.waits(boots, "ada@example.com").await;
    shelf
        .stage
        .execute("UPDATE products SET status = 'archived'")
        .await;
    shelf.lie(boots, 9).await;
    shelf.tell(boots, 1, 1).await;
    assert!(shelf.letters().await.is_empty());
    shelf
        .stage
        .execute("UPDATE products SET status = 'published'")
        .await;
    let product = shelf.stage.row("SELECT id FROM products").await["id"].clone();
    let changed = shelf
        .stage
        .a_message("product.updated", json!({ "product_id": product }));
    let sync = shelf.sync();
    assert_eq!(
        shelf.stage.hand(&sync, QUEUE, &[changed]).await,
        Report::done(1)
    );
    assert_eq!(shelf.stage.deliver(&sync, QUEUE).await, Report::done(1));
    assert_eq!(shelf.letters().await.len(), 1);
    shelf.stage.announced().await;
}

#[tokio::test]
async fn nobody_waits_for_what_there_is_or_is_not_sold_and_no_address_stands_in_clear_text() {
    let shelf = Shelf::open().await;
    let (sandals, boots) = (
        shelf.stage.a_product(1_000, 9).await,
        shelf.stage.a_product(1_000, 0).await,
    );
    let draft = shelf.stage.a_product(1_000, 0).await;
    shelf
        .stage
        .execute(&format!(
            "UPDATE products SET status = 'draft' WHERE id = (SELECT product_id FROM variants WHERE id = '{draft}')"
        ))
        .await;
    let subscribe = shelf.stage.spawn(SUBSCRIBE);
    let before = shelf.stage.fingerprints().await;
    let ada = json!({ "email": "canary.adaeze@example.com" });
    for id in [
        draft.to_string(),
        VariantId::new().to_string(),
        "7".to_owned(),
        "%00".to_owned(),
    ] {
        let refused = shelf.asks(&subscribe, &id, &ada).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (404, &json!("not_found")),
            "{id}"
        );
    }
    let refused = shelf.asks(&subscribe, sandals, &ada).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &json!("in_stock"))
    );
    for body in [
        json!({}),
        json!({ "email": null }),
        json!({ "email": "ada" }),
        json!({ "email": "ada@example.com\r\nBcc: x@example.com" }),
        json!({ "email": "ada@example.com", "name": "Ada" }),
    ] {
        let refused = shelf.asks(&subscribe, boots, &body).await;
        assert_eq!(refused.status, 422, "{body}");
    }
    assert_eq!(shelf.stage.fingerprints().await, before);

    let noted = shelf.asks(&subscribe, boots, &ada).await;
    assert_eq!(noted.status, 202);
    assert!(!noted.text().contains("canary"));
    let clear = "SELECT FROM stock_alerts a WHERE a::text ILIKE '%canary%'
         OR position(encode('canary.adaeze', 'hex') IN a::text) > 0";
    assert_eq!(shelf.stage.count(clear).await, 0);
    assert!(subscribe.logs().iter().all(|line| !line.contains("canary")));
}
