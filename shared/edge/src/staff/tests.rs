use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use domain::OrderId;
use http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::GuestAccess;
use crate::shell::around;

const SECRET: &str = "k1:dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdCB0b2tlbnM=";

fn read<T>(read: impl FnOnce(&mut settings::Env) -> Option<T>) -> T {
    let secret = |name: &str| (name == "JWT_SECRET_KEY").then(|| SECRET.to_owned());
    settings::read_from(secret, read).unwrap().unwrap()
}

fn access() -> StaffAccess {
    read(StaffAccess::read)
}

fn token(permissions: &[Permission]) -> String {
    let hour = Lifetime::minutes(60).unwrap();
    access().issue(&"ada".parse().unwrap(), permissions, hour)
}

async fn handle(staff: Staff<permit::WriteOperations>) -> String {
    staff.member.to_string()
}

async fn ask(authorization: Option<&str>) -> (StatusCode, HeaderMap, Value) {
    let routes = Router::new().route("/", post(handle)).with_state(access());
    let mut request = Request::post("/");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let answer = around(routes)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = || json!(String::from_utf8_lossy(&bytes));
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn whoever_has_the_permission_is_let_in_under_their_sign() {
    let all = format!("Bearer {}", token(Permission::ALL));
    let (status, _, body) = ask(Some(&all)).await;
    assert_eq!((status, body), (StatusCode::OK, json!("ada")));
}

#[tokio::test]
async fn whoever_has_every_other_permission_is_told_which_one_is_lacking() {
    let others: Vec<_> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| *permission != Permission::WriteOperations)
        .collect();
    for permissions in [&others[..], &[]] {
        let (status, headers, problem) = ask(Some(&format!("Bearer {}", token(permissions)))).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::FORBIDDEN, &json!("forbidden"))
        );
        assert_eq!(
            problem["detail"],
            "This needs the permission write_operations."
        );
        assert!(!headers.contains_key(header::WWW_AUTHENTICATE));
    }
}

#[tokio::test]
async fn every_token_that_does_not_count_is_refused_in_the_same_words() {
    let guest = read(GuestAccess::read).token(OrderId::new());
    let tampered = token(Permission::ALL).replace('.', "_.");
    let long = "x".repeat(5_000);
    let hour = Lifetime::minutes(60).unwrap();
    let yesterday = Clock::fixed(Clock::system().now() - TimeDelta::days(1));
    let tomorrow = Clock::fixed(Clock::system().now() + TimeDelta::days(1));
    let at = |clock| {
        let access = access().with_clock(clock);
        access.issue(&"ada".parse().unwrap(), Permission::ALL, hour)
    };
    let (expired, early) = (at(yesterday), at(tomorrow));
    let unnamed = access().tokens.sign(&Claims {
        sub: "Ada Obi".to_owned(),
        ..access()
            .verify(&bearer(&token(Permission::ALL)).await)
            .unwrap()
    });
    let mut bodies = Vec::new();
    for text in [
        "",
        "Bearer",
        "Bearer ",
        "Basic YWRhOm9iaQ==",
        "Bearer x.y.z",
    ] {
        bodies.push(ask(Some(text)).await);
    }
    for token in [guest, tampered, long, expired, early, unnamed] {
        bodies.push(ask(Some(&format!("Bearer {token}"))).await);
    }
    bodies.push(ask(None).await);
    for (status, headers, mut problem) in bodies {
        problem["request_id"] = json!("-");
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            problem,
            json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401, "request_id": "-",
                "code": "unauthorized",
                "detail": "Send a staff member's access token that still counts as `Authorization: Bearer …`.",
            })
        );
    }
}

async fn bearer(token: &str) -> Bearer {
    let request = Request::get("/").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    Bearer::from_request_parts(&mut parts, &()).await.unwrap()
}

#[tokio::test]
async fn a_staff_token_opens_no_guests_order() {
    let guests = read(GuestAccess::read);
    let staff = bearer(&token(Permission::ALL)).await;
    assert!(!guests.opens(OrderId::new(), &staff));
}

#[test]
fn no_token_counts_for_longer_than_a_day_or_for_no_time() {
    assert!(Lifetime::minutes(1).is_ok() && Lifetime::minutes(24 * 60).is_ok());
    for silly in [0, 24 * 60 + 1, u32::MAX] {
        assert_eq!(Lifetime::minutes(silly), Err(LifetimeError));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?}", access());
    assert!(
        !shown.contains("dGhp") && !shown.contains("116, 104"),
        "{shown}"
    );
}
