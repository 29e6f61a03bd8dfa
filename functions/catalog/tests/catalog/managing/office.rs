//! A shop with something in it, and a member of staff who may change it.

use std::collections::BTreeMap;

use cache::CacheSettings;
use catalog::testing::{WrittenProduct, a_category, a_product};
use domain::{CategoryId, Permission};
use runtime_api::{Function, Request, Response};
use serde_json::Value;
use stage::Stage;
use uuid::Uuid;

/// Clothes with shirts below them; shoes. A shirt that is on sale in two sizes of one colour, a belt that is
/// on sale in one way, a draft without variants.
pub(super) struct Office {
    pub(super) stage: Stage,
    pub(super) clothes: CategoryId,
    pub(super) shirts: CategoryId,
    pub(super) shoes: CategoryId,
    pub(super) shirt: WrittenProduct,
    pub(super) belt: WrittenProduct,
    pub(super) draft: Uuid,
    cache: [(&'static str, String); 3],
}

/// What a member of staff asks for, without saying who they are.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) binary: &'static str,
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) route: &'static str,
    pub(super) body: Option<Value>,
    /// What `If-Match` says, where it is needed.
    pub(super) version: Option<i64>,
}

impl Ask {
    pub(super) fn new(
        (binary, method, route): (&'static str, &'static str, &'static str),
        id: impl ToString,
    ) -> Self {
        Self {
            binary,
            method,
            target: route.replace("{id}", &id.to_string()),
            route,
            body: None,
            version: None,
        }
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    pub(super) fn bare(&self) -> Request {
        let request = Request::new(self.method, &self.target).route(self.route);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    pub(super) fn request(&self) -> Request {
        match self.version {
            Some(version) => self.bare().header("if-match", &format!("\"{version}\"")),
            None => self.bare(),
        }
    }
}

impl Office {
    pub(super) async fn open() -> Self {
        let stage = Stage::set().await;
        let mut connection = stage.db.connect().await;
        let clothes = a_category(&mut connection, "Clothes", None).await;
        let shirts = a_category(&mut connection, "Shirts", Some(clothes)).await;
        let shoes = a_category(&mut connection, "Shoes", None).await;
        let shirt = a_product("Ankara shirt", shirts)
            .variant(&[("Size", "M"), ("Colour", "Red")], 100_000)
            .variant(&[("Size", "L"), ("Colour", "Red")], 100_000)
            .insert(&mut connection)
            .await;
        let belt = a_product("Belt", clothes).insert(&mut connection).await;
        let draft = a_product("Draft", clothes).status("draft");
        let draft = draft.insert(&mut connection).await;
        stage
            .execute(&format!(
                "DELETE FROM variants WHERE product_id = '{}'",
                draft.id
            ))
            .await;
        let redis = settings::read(CacheSettings::read)
            .expect("the running Redis's settings: `cargo dev env`");
        let cache = [
            ("REDIS_HOST", redis.host),
            ("REDIS_PORT", redis.port.to_string()),
            ("REDIS_PREFIX", format!("test-{}", Uuid::new_v4())),
        ];
        Self {
            stage,
            clothes,
            shirts,
            shoes,
            shirt,
            belt,
            draft: draft.id.uuid(),
            cache,
        }
    }

    pub(super) fn spawn(&self, binary: &str) -> Function {
        let cache: Vec<(&str, &str)> = self
            .cache
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Function::spawn(binary, &self.stage.settings_with(binary, &cache))
    }

    pub(super) fn token(&self) -> String {
        let both = [Permission::ReadCatalogue, Permission::WriteCatalogue];
        self.stage.staff_token("ada", &both)
    }

    /// Asks as somebody who may.
    pub(super) async fn ask(&self, ask: &Ask) -> Response {
        let function = self.spawn(ask.binary);
        function.send(ask.request().bearer(&self.token())).await
    }

    /// Everything that there is, to be compared: two that are equal mean that nothing was written.
    pub(super) async fn everything(&self) -> BTreeMap<String, String> {
        self.stage.fingerprints().await
    }
}

/// The status and the code of a refusal, with the places and codes of its faults.
pub(super) fn told(answer: &Response) -> (u16, String, Vec<(String, String)>) {
    let body = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let faults = body["errors"].as_array().cloned().unwrap_or_default();
    let faults = faults
        .iter()
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"])));
    (answer.status, text(&body["code"]), faults.collect())
}
