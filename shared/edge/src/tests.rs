use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use domain::{Email, Fault, Kind, Quantity};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

#[derive(Deserialize)]
struct LineBody {
    quantity: Field<i64>,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
struct OrderBody {
    email: Field<String>,
    items: Field<Vec<Field<LineBody>>>,
    #[serde(flatten)]
    unknown: Unknown,
}

async fn place(Json { value: body, .. }: Json<OrderBody>) -> Result<String, Problem> {
    let mut errors = FieldErrors::new();
    errors.refuse_unknown(&body.unknown);
    let email = errors.required("email", body.email, |text: String| Email::parse(&text));
    let items = errors.list("items", body.items, 1..=3, |line, errors| {
        errors.refuse_unknown(&line.unknown);
        errors.required("quantity", line.quantity, Quantity::new)
    });
    let (email, items) = errors.finish(email.zip(items))?;
    Ok(format!("{} {}", email.as_str(), items.len()))
}

#[derive(Debug, thiserror::Error)]
#[error("the vault is at 10.0.0.7")]
struct Down(Kind);

impl Fault for Down {
    fn kind(&self) -> Kind {
        self.0
    }

    fn code(&self) -> &'static str {
        "down"
    }
}

async fn ask(body: impl Into<Body>, path: &str) -> (StatusCode, http::HeaderMap, Value) {
    let routes = Router::new()
        .route("/orders", post(place))
        .route(
            "/panic",
            post(|| async { panic!("secret {}", 1 + 1) as &str }),
        )
        .route(
            "/bug",
            post(|| async { Err::<(), Problem>(Down(Kind::Bug).into()) }),
        )
        .route(
            "/away",
            post(|| async { Err::<(), Problem>(Down(Kind::Unavailable).into()) }),
        )
        .route("/empty", post(|| async { StatusCode::NO_CONTENT }));
    let request = Request::post(path).header("content-type", "application/json; charset=utf-8");
    let response = shell::around(routes)
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (
        parts.status,
        parts.headers,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

#[tokio::test]
async fn all_faults_of_a_body_are_told_at_once_with_their_pointers() {
    let body = json!({
        "email": "no", "role": "owner",
        "items": [{"quantity": 1}, {"quantity": 0, "pri/ce": 1}, 7, ],
    });
    let (status, headers, problem) = ask(body.to_string(), "/orders").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(headers["content-type"], "application/problem+json");
    let mut faults: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            ("/email", "invalid_email"),
            ("/items/1/pri~1ce", "unknown_field"),
            ("/items/1/quantity", "quantity_too_small"),
            ("/items/2", "wrong_type"),
            ("/role", "unknown_field"),
        ]
    );
    assert_eq!(
        problem["request_id"],
        headers["x-request-id"].to_str().unwrap()
    );
}

#[tokio::test]
async fn broken_and_oversize_bodies_have_their_own_answers() {
    let (status, _, problem) = ask("{\"email\": ", "/orders").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_REQUEST, &json!("malformed_json"))
    );
    let (status, _, problem) = ask("[]", "/orders").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_REQUEST, &json!("malformed_json"))
    );
    let (status, _, problem) = ask("x".repeat(BODY_LIMIT + 1), "/orders").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large"))
    );
}

#[tokio::test]
async fn nothing_internal_reaches_a_client() {
    for (path, expected) in [
        ("/panic", StatusCode::INTERNAL_SERVER_ERROR),
        ("/bug", StatusCode::INTERNAL_SERVER_ERROR),
        ("/away", StatusCode::SERVICE_UNAVAILABLE),
        ("/elsewhere", StatusCode::NOT_FOUND),
    ] {
        let (status, headers, problem) = ask("{}", path).await;
        assert_eq!(status, expected, "{path}");
        let told = problem.to_string();
        assert!(
            !told.contains("secret") && !told.contains("10.0.0.7"),
            "{told}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(
            headers.contains_key("retry-after"),
            status == StatusCode::SERVICE_UNAVAILABLE
        );
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers_even_an_empty_one() {
    let (status, headers, _) = ask("", "/empty").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    for name in [
        "x-request-id",
        "content-security-policy",
        "strict-transport-security",
    ] {
        assert!(headers.contains_key(name), "{name}");
    }
}

#[test]
fn queries_refuse_repeated_unknown_and_out_of_range_parameters() {
    let mut query = Query::parse("limit=0&q=rice&q=beans&a=yes&b=true&option.Size=42&nonsense=1");
    assert_eq!(query.number("limit", 1, 100), None);
    assert_eq!(
        (query.flag("a"), query.flag("b"), query.flag("c")),
        (None, Some(true), None)
    );
    query.take("q");
    assert_eq!(
        query.prefixed("option."),
        [("Size".to_owned(), "42".to_owned())]
    );
    let problem = serde_json::to_value(query.finish().unwrap_err().body("r")).unwrap();
    let faults = problem["errors"].as_array().unwrap();
    let pointers: Vec<_> = faults
        .iter()
        .map(|e| e["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["?limit", "?a", "?q", "?nonsense"]);
}

#[test]
fn the_same_request_written_otherwise_has_the_same_hash() {
    assert_eq!(
        hash_of(br#"{"a": 1, "b": [2]}"#),
        hash_of(br#"{"b":[2],"a":1}"#)
    );
    assert_ne!(hash_of(br#"{"a": 1}"#), hash_of(br#"{"a": 2}"#));
    assert_ne!(hash_of(b"not json"), hash_of(b"other"));
}

#[test]
fn a_kept_answer_is_not_sent_again() {
    let first = public_json(&http::HeaderMap::new(), b"{}".to_vec(), 30);
    let mut asked = http::HeaderMap::new();
    asked.insert("if-none-match", first.headers()["etag"].clone());
    assert_eq!(
        public_json(&asked, b"{}".to_vec(), 30).status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(
        public_json(&asked, b"{1}".to_vec(), 30).status(),
        StatusCode::OK
    );
}
