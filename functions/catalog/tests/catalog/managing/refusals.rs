//! What every write by staff refuses, and that it then writes nothing. A new write is a line of [`writes`].

use domain::Permission;
use runtime_api::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::{Ask, Office, told};
use super::{
    ARCHIVE_PRODUCT, CREATE_CATEGORY, CREATE_PRODUCT, CREATE_VARIANT, DELETE_CATEGORY,
    DELETE_VARIANT, UPDATE_CATEGORY, UPDATE_PRODUCT, UPDATE_VARIANT,
};

pub(super) const NEW_PRODUCT: (&str, &str, &str) = (CREATE_PRODUCT, "POST", "/api/admin/products");
pub(super) const CHANGE_PRODUCT: (&str, &str, &str) =
    (UPDATE_PRODUCT, "PATCH", "/api/admin/products/{id}");
pub(super) const OLD_PRODUCT: (&str, &str, &str) =
    (ARCHIVE_PRODUCT, "DELETE", "/api/admin/products/{id}");
pub(super) const NEW_VARIANT: (&str, &str, &str) =
    (CREATE_VARIANT, "POST", "/api/admin/products/{id}/variants");
pub(super) const CHANGE_VARIANT: (&str, &str, &str) =
    (UPDATE_VARIANT, "PATCH", "/api/admin/variants/{id}");
pub(super) const OLD_VARIANT: (&str, &str, &str) =
    (DELETE_VARIANT, "DELETE", "/api/admin/variants/{id}");
pub(super) const NEW_CATEGORY: (&str, &str, &str) =
    (CREATE_CATEGORY, "POST", "/api/admin/categories");
pub(super) const CHANGE_CATEGORY: (&str, &str, &str) =
    (UPDATE_CATEGORY, "PATCH", "/api/admin/categories/{id}");
pub(super) const OLD_CATEGORY: (&str, &str, &str) =
    (DELETE_CATEGORY, "DELETE", "/api/admin/categories/{id}");

pub(super) fn naira(amount: i64) -> Value {
    json!({"amount": amount, "currency": "NGN"})
}

/// Every write, so that it would be done.
fn writes(office: &Office) -> [Ask; 9] {
    let shirt = office.shirt.id;
    let variant = office.shirt.variants[0];
    [
        Ask::new(NEW_PRODUCT, "").body(json!({"name": "Cap", "category_id": office.shirts})),
        Ask::new(CHANGE_PRODUCT, shirt)
            .body(json!({"name": "Shirt"}))
            .version(1),
        Ask::new(OLD_PRODUCT, shirt).version(1),
        Ask::new(NEW_VARIANT, office.draft).body(json!({"sku": "NEW", "price": naira(5)})),
        Ask::new(CHANGE_VARIANT, variant)
            .body(json!({"price": naira(5)}))
            .version(1),
        Ask::new(OLD_VARIANT, variant).version(1),
        Ask::new(NEW_CATEGORY, "").body(json!({"name": "Hats"})),
        Ask::new(CHANGE_CATEGORY, office.shoes)
            .body(json!({"name": "Boots"}))
            .version(1),
        Ask::new(OLD_CATEGORY, office.shoes).version(1),
    ]
}

/// A refusal that is asked for, and what is to be told.
struct Case {
    what: &'static str,
    request: Request,
    status: u16,
    code: &'static str,
}

fn case(what: &'static str, request: Request, status: u16, code: &'static str) -> Case {
    Case {
        what,
        request,
        status,
        code,
    }
}

#[tokio::test]
async fn whoever_may_not_or_does_not_say_what_they_have_read_changes_nothing() {
    let office = Office::open().await;
    let before = office.everything().await;
    let right = office.token();
    let others: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| *permission != Permission::WriteCatalogue)
        .collect();
    let wrong = office.stage.staff_token("ada", &others);
    for ask in writes(&office) {
        let function = office.spawn(ask.binary);
        let by = |request: Request| request.bearer(&right);
        let mut cases = vec![
            case("no token", ask.request(), 401, "unauthorized"),
            case(
                "no such token",
                ask.request().bearer("a.b.c"),
                401,
                "unauthorized",
            ),
            case(
                "another permission",
                ask.request().bearer(&wrong),
                403,
                "forbidden",
            ),
        ];
        if let Some(version) = ask.version {
            let named = |text: &str| by(ask.bare().header("if-match", text));
            cases.extend([
                case("no version", by(ask.bare()), 428, "version_required"),
                case("any version", named("*"), 428, "version_required"),
                case("no such version", named("\"x\""), 400, "malformed_version"),
                case(
                    "another version",
                    named(&format!("\"{}\"", version + 1)),
                    412,
                    "stale_version",
                ),
            ]);
        }
        refuse(&function, &ask, cases).await;
    }
    assert_eq!(office.everything().await, before);
}

#[tokio::test]
async fn a_body_that_is_none_of_the_request_changes_nothing() {
    let office = Office::open().await;
    let before = office.everything().await;
    let right = office.token();
    for ask in writes(&office).into_iter().filter(|ask| ask.body.is_some()) {
        let function = office.spawn(ask.binary);
        let with = |body: Vec<u8>, kind: &str| {
            let bare = Ask {
                body: None,
                ..ask.clone()
            };
            let request = bare.request().bearer(&right);
            request.header("content-type", kind).body(body)
        };
        let mut unknown = ask.body.clone().unwrap();
        unknown["price_in_kobo"] = json!(5);
        let unknown = serde_json::to_vec(&unknown).unwrap();
        let large = serde_json::to_vec(&json!({"name": "x".repeat(256 * 1024)})).unwrap();
        let json = "application/json";
        let cases = vec![
            case("unknown field", with(unknown, json), 422, "invalid_request"),
            case("too large", with(large, json), 413, "body_too_large"),
            case(
                "no JSON",
                with(b"{\"name\": ".to_vec(), json),
                400,
                "malformed_json",
            ),
            case(
                "no object",
                with(b"[]".to_vec(), json),
                400,
                "malformed_json",
            ),
            case(
                "a form",
                with(b"name=Cap".to_vec(), "text/plain"),
                415,
                "unsupported_media_type",
            ),
        ];
        refuse(&function, &ask, cases).await;
    }
    assert_eq!(office.everything().await, before);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let office = Office::open().await;
    let before = office.everything().await;
    let right = office.token();
    for ask in writes(&office)
        .into_iter()
        .filter(|ask| ask.route.contains("{id}"))
    {
        let function = office.spawn(ask.binary);
        let other = |id: &str| Ask {
            target: ask.route.replace("{id}", id),
            ..ask.clone()
        };
        // Of no kind of thing that is written here.
        let order = Uuid::now_v7().to_string();
        let category = office.clothes.to_string();
        let foreign = if ask.route.contains("categories") {
            office.belt.id.to_string()
        } else {
            category
        };
        let cases = [order.as_str(), foreign.as_str(), "no-id"].map(|id| {
            case(
                "a foreign id",
                other(id).request().bearer(&right),
                404,
                "not_found",
            )
        });
        refuse(&function, &ask, cases.into()).await;
    }
    assert_eq!(office.everything().await, before);
}

async fn refuse(function: &runtime_api::Function, ask: &Ask, cases: Vec<Case>) {
    for Case {
        what,
        request,
        status,
        code,
    } in cases
    {
        let answer = function.send(request).await;
        let (told_status, told_code, _) = told(&answer);
        assert_eq!(
            (told_status, told_code.as_str()),
            (status, code),
            "{what}: {} {}: {}",
            ask.method,
            ask.route,
            answer.text()
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn every_write_would_be_done_and_is_written_down_and_announced() {
    for index in 0..9 {
        let office = Office::open().await;
        let ask = writes(&office)[index].clone();
        let answer = office.ask(&ask).await;
        let expected = match ask.method {
            "POST" => 201,
            "DELETE" => 204,
            _ => 200,
        };
        assert_eq!(
            answer.status,
            expected,
            "{} {}: {}",
            ask.method,
            ask.route,
            answer.text()
        );
        let tag = answer.header("etag").map(str::to_owned);
        if ask.method == "DELETE" {
            assert_eq!((answer.text(), tag), (String::new(), None));
        } else {
            let version = answer.json()["version"].as_i64().unwrap();
            assert_eq!(tag, Some(format!("\"{version}\"")));
            assert_eq!(version, ask.version.unwrap_or(0) + 1);
        }
        let audit = office
            .stage
            .rows("SELECT actor, correlation_id FROM audit_log")
            .await;
        let request_id = answer.header("x-request-id").unwrap();
        assert_eq!(
            audit,
            [json!({"actor": "ada", "correlation_id": request_id})]
        );
        assert_eq!(
            office.stage.announced().await.len(),
            1,
            "{} {}",
            ask.method,
            ask.route
        );
    }
}
