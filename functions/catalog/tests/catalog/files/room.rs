//! A shop with staff who send in files and ask for them, and a browser.

use cache::CacheSettings;
use catalog::testing::a_category;
use domain::Permission;
use messaging::Envelope;
use runtime_api::{Function, Request, Response, rabbitmq_event};
use serde_json::{Value, json};
use stage::{Report, Stage};
use uuid::Uuid;

pub(super) const IMPORT: &str = env!("CARGO_BIN_EXE_admin-import-products");
pub(super) const GET_IMPORT: &str = env!("CARGO_BIN_EXE_admin-get-import");
pub(super) const EXPORT: &str = env!("CARGO_BIN_EXE_admin-export-products");
pub(super) const GET_EXPORT: &str = env!("CARGO_BIN_EXE_admin-get-export");
pub(super) const SYNC: &str = env!("CARGO_BIN_EXE_sync-product");

pub(super) const QUEUE: &str = "product_updates";
/// The categories of every shop here.
pub(super) const CATEGORIES: [&str; 3] = ["Clothes", "Shirts", "Shoes"];

/// Everything about products but identities and the moments of changes.
pub(super) const CATALOGUE: &str = "
    SELECT p.slug, p.name, p.description, c.slug AS category, p.status, p.show_quantity, p.currency,
           p.lowest_price, p.compare_at_price,
           CASE WHEN p.published_at < '2026-06-01' THEN p.published_at END AS published_at,
           (SELECT jsonb_agg(jsonb_build_array(o.name, o.option_values) ORDER BY o.position)
            FROM product_options o WHERE o.product_id = p.id) AS options,
           (SELECT jsonb_agg(jsonb_build_array(v.sku, v.options, v.price, v.compare_at_price, v.currency,
                                               v.weight_grams, v.archived_at IS NOT NULL)
                             ORDER BY v.position, v.id)
            FROM variants v WHERE v.product_id = p.id) AS variants
    FROM products p JOIN categories c ON c.id = p.category_id
    ORDER BY p.slug";
/// How often products and variants have been changed.
pub(super) const VERSIONS: &str = "
    SELECT (SELECT sum(version) FROM products) AS products, (SELECT sum(version) FROM variants) AS variants,
           (SELECT count(*) FROM audit_log) AS written_down";

pub(super) struct Room {
    pub(super) stage: Stage,
    cache: [(&'static str, String); 3],
    browser: reqwest::Client,
}

impl Room {
    pub(super) async fn open() -> Self {
        let stage = Stage::set().await;
        let redis = settings::read(CacheSettings::read)
            .expect("the running Redis's settings: `cargo dev env`");
        let mut connection = stage.db.connect().await;
        let clothes = a_category(&mut connection, CATEGORIES[0], None).await;
        a_category(&mut connection, CATEGORIES[1], Some(clothes)).await;
        a_category(&mut connection, CATEGORIES[2], None).await;
        Self {
            stage,
            cache: [
                ("REDIS_HOST", redis.host),
                ("REDIS_PORT", redis.port.to_string()),
                ("REDIS_PREFIX", format!("test-{}", Uuid::new_v4())),
            ],
            browser: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(super) fn start(&self, binary: &str) -> Function {
        let cache = self
            .cache
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        Function::spawn(binary, &self.stage.settings_with(binary, &cache))
    }

    /// Has somebody with one permission ask one function.
    pub(super) async fn ask(
        &self,
        binary: &str,
        permission: Permission,
        request: Request,
    ) -> Response {
        let token = self.stage.staff_token("ada", &[permission]);
        self.start(binary).send(request.bearer(&token)).await
    }

    /// Promises a file and uploads it; the import's id.
    pub(super) async fn send_in(&self, file: Vec<u8>) -> String {
        let body = json!({ "bytes": file.len() });
        let answer = self
            .ask(IMPORT, Permission::WriteCatalogue, create_import(&body))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let promised = answer.json();
        assert_eq!(self.upload(&promised["upload"], file).await, 200);
        promised["id"].as_str().unwrap().to_owned()
    }

    /// What a browser does with the answer.
    pub(super) async fn upload(&self, upload: &Value, file: Vec<u8>) -> u16 {
        let mut request = self.browser.put(upload["url"].as_str().unwrap());
        for (name, value) in upload["headers"].as_object().unwrap() {
            if name != "content-length" {
                request = request.header(name, value.as_str().unwrap());
            }
        }
        request.body(file).send().await.unwrap().status().as_u16()
    }

    pub(super) async fn import(&self, id: &str) -> Value {
        let answer = self
            .ask(GET_IMPORT, Permission::WriteCatalogue, get_import(id, ""))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Lets time pass until nothing is asked for any more; how many events of products there were, by type.
    pub(super) async fn let_work_end(&self, sync: &Function) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.extend(self.take_events().await);
            let messages = self.due().await;
            if messages.is_empty() {
                return events;
            }
            let worked = u64::try_from(messages.len()).unwrap();
            let report = self.stage.hand(sync, QUEUE, &messages).await;
            assert_eq!(
                report,
                Report::done(worked),
                "{:?}",
                self.stage.dead_messages().await
            );
        }
    }

    /// What is asked for, as the relay would take it.
    pub(super) async fn due(&self) -> Vec<Envelope> {
        self.stage.let_messages_come_due().await;
        self.stage.take_due(QUEUE).await
    }

    /// Takes what is told of products out of the outbox: how many products each type is about.
    pub(super) async fn take_events(&self) -> Vec<Value> {
        let told = "SELECT type, payload ->> 'product_id' AS product FROM outbox WHERE type LIKE 'product.%'
                    ORDER BY 1, 2";
        let told = self.stage.rows(told).await;
        self.stage
            .execute("DELETE FROM outbox WHERE type LIKE 'product.%'")
            .await;
        told
    }

    pub(super) async fn catalogue(&self) -> Vec<Value> {
        self.stage.rows(CATALOGUE).await
    }

    /// Asks for a file and fetches it; the export as it ended, and the file.
    pub(super) async fn export(&self, body: &Value) -> (Value, Vec<u8>) {
        let id = self.ask_for(body).await;
        self.let_work_end(&self.start(SYNC)).await;
        self.fetch(&id).await
    }

    /// Asks for a file; the export's id.
    pub(super) async fn ask_for(&self, body: &Value) -> String {
        let request = create_export(body);
        let answer = self.ask(EXPORT, Permission::ReadCatalogue, request).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The export that has ended, and its file.
    pub(super) async fn fetch(&self, id: &str) -> (Value, Vec<u8>) {
        let answer = self
            .ask(GET_EXPORT, Permission::ReadCatalogue, get_export(id))
            .await;
        let export = answer.json();
        assert_eq!(export["status"], "done", "{export}");
        let url = export["download"]["url"].as_str().unwrap();
        let file = self.browser.get(url).send().await.unwrap();
        assert_eq!(file.status().as_u16(), 200);
        let disposition = file.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            disposition.starts_with("attachment; filename=\"products-"),
            "{disposition}"
        );
        (export, file.bytes().await.unwrap().to_vec())
    }

    /// So many products of eight kilobytes each: one word, which search leaves out.
    pub(super) async fn grow(&self, products: usize) {
        let insert = format!(
            "INSERT INTO products (id, category_id, slug, name, description, status)
             SELECT gen_random_uuid(), (SELECT id FROM categories LIMIT 1), 'many-' || n, 'Many ' || n,
                    repeat('x', 8000), 'draft'
             FROM generate_series(1, {products}) n"
        );
        self.stage.execute(&insert).await;
    }
}

/// A batch of one message.
pub(super) fn batch(message: &Envelope) -> Value {
    let body = serde_json::from_slice(&message.to_bytes()).unwrap();
    rabbitmq_event(QUEUE, "/", &[runtime_api::Message::event(&body)])
}

pub(super) fn create_import(body: &Value) -> Request {
    let route = "/api/admin/product-imports";
    Request::post(route).route(route).json(body)
}

pub(super) fn get_import(id: &str, query: &str) -> Request {
    Request::get(&format!("/api/admin/product-imports/{id}{query}"))
        .route("/api/admin/product-imports/{id}")
}

pub(super) fn create_export(body: &Value) -> Request {
    let route = "/api/admin/product-exports";
    Request::post(route).route(route).json(body)
}

pub(super) fn get_export(id: &str) -> Request {
    Request::get(&format!("/api/admin/product-exports/{id}"))
        .route("/api/admin/product-exports/{id}")
}
