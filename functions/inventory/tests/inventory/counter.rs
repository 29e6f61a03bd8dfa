//! Where staff ask for stock.

use domain::{Permission, VariantId};
use runtime_api::{Function, Request, Response};
use serde_json::{Value, json};
use stage::Stage;

/// A stage and a member of staff who may see and change stock.
pub(crate) struct Counter {
    pub(crate) stage: Stage,
    token: String,
}

impl Counter {
    pub(crate) async fn open() -> Self {
        let stage = Stage::set().await;
        let both = [Permission::ReadInventory, Permission::WriteInventory];
        let token = stage.staff_token("ada", &both);
        Self { stage, token }
    }

    pub(crate) fn spawn(&self, binary: &str) -> Function {
        self.stage.spawn(binary)
    }

    pub(crate) async fn ask(&self, function: &Function, request: Request) -> Response {
        function.send(request.bearer(&self.token)).await
    }

    /// The items of every page.
    pub(crate) async fn walk(&self, function: &Function, route: &str, query: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let request = Request::get(&format!("{route}?{query}{cursor}")).route(route);
            let answer = self.ask(function, request).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            let page = answer.json();
            items.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else {
                return items;
            };
            cursor = format!("&cursor={next}");
        }
    }

    pub(crate) async fn shelf(&self) -> String {
        self.location("Main shelf", 0, true).await
    }

    pub(crate) async fn location(&self, name: &str, priority: i32, active: bool) -> String {
        let mut connection = self.stage.db.connect().await;
        let id = stock::testing::a_location(&mut connection, name, priority).await;
        let change = format!("UPDATE locations SET active = {active} WHERE id = '{id}'");
        self.stage.execute(&change).await;
        id.to_string()
    }
}

pub(crate) const ADJUSTMENTS: &str = "/api/admin/stock/adjustments";

pub(crate) fn adjust(body: &Value) -> Request {
    Request::post(ADJUSTMENTS).route(ADJUSTMENTS).json(body)
}

pub(crate) fn adjustment(kind: &str, lines: &[(VariantId, &str, i64)]) -> Value {
    let line = |(variant, location, quantity): &(VariantId, &str, i64)| json!({ "variant_id": variant, "location_id": location, "quantity": quantity });
    let lines: Vec<Value> = lines.iter().map(line).collect();
    json!({ "kind": kind, "reason": "Delivery note 4711", "lines": lines })
}

pub(crate) fn set_policy(variant: &str, version: Option<&str>, body: &Value) -> Request {
    let request = Request::patch(&format!("/api/admin/stock/{variant}"))
        .route("/api/admin/stock/{variant_id}")
        .json(body);
    with_version(request, version)
}

pub(crate) fn create_location(body: &Value) -> Request {
    Request::post("/api/admin/locations")
        .route("/api/admin/locations")
        .json(body)
}

pub(crate) fn update_location(id: &str, version: Option<&str>, body: &Value) -> Request {
    let request = Request::patch(&format!("/api/admin/locations/{id}"))
        .route("/api/admin/locations/{id}")
        .json(body);
    with_version(request, version)
}

fn with_version(request: Request, version: Option<&str>) -> Request {
    match version {
        Some(version) => request.header("if-match", version),
        None => request,
    }
}

/// The status, and the code of a refusal.
pub(crate) fn code(answer: &Response) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

/// Each fault of a refusal: where, and its code.
pub(crate) fn faults(answer: &Response) -> Vec<(String, String)> {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let word = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let faults = errors.iter();
    faults
        .map(|error| (word(error, "pointer"), word(error, "code")))
        .collect()
}
