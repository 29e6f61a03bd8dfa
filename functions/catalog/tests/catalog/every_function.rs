//! What holds for each function of the area.

use std::process::Command;

use runtime_api::{Request, Response, Spawn};
use serde_json::Value;

use crate::shop::{ALL, Shop};

fn assert_secured(answer: &Response) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(answer.header("strict-transport-security").is_some());
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn an_answer_may_be_kept_and_is_not_sent_again_to_who_has_it() {
    let shop = Shop::stocked().await;
    for (binary, route, address) in ALL {
        let function = shop.start(binary);
        let first = function.send(Request::get(address).route(route)).await;
        assert_eq!(first.status, 200);
        assert_secured(&first);
        let keep = first.header("cache-control");
        assert_eq!(keep, Some("public, max-age=15, stale-while-revalidate=15"));
        let etag = first.header("etag").unwrap();
        let again = Request::get(address)
            .route(route)
            .header("if-none-match", etag);
        let again = function.send(again).await;
        assert_eq!((again.status, again.text().as_str()), (304, ""));
        assert_eq!(again.header("etag"), Some(etag));
        assert_secured(&again);
        let other = Request::get(address)
            .route(route)
            .header("if-none-match", "\"other\"");
        assert_eq!(function.send(other).await.body, first.body);
    }
}

#[tokio::test]
async fn other_addresses_and_methods_are_refused_as_problems() {
    let shop = Shop::stocked().await;
    for (binary, _, address) in ALL {
        let function = shop.start(binary);
        for (request, status, code) in [
            (Request::post(address), 405, "method_not_allowed"),
            (Request::delete(address), 405, "method_not_allowed"),
            (Request::get("/api/elsewhere/than/here"), 404, "not_found"),
            (
                Request::get(&format!("{address}?unknown=1")),
                422,
                "invalid_request",
            ),
        ] {
            let answer = function.send(request).await;
            assert_eq!(answer.status, status, "{address}: {}", answer.text());
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.json()["code"], code);
            assert_eq!(
                answer.json()["request_id"].as_str(),
                answer.header("x-request-id")
            );
            assert_secured(&answer);
        }
    }
}

#[tokio::test]
async fn missing_settings_are_all_named_in_one_error() {
    for (binary, route, address) in ALL {
        let function = Spawn::new(binary).env("REDIS_PORT", "many").start();
        let refused = function
            .invoke(&Request::get(address).route(route).event())
            .await;
        let told = refused.unwrap_err().message;
        for name in ["DATABASE_URL", "REDIS_HOST", "REDIS_PORT"] {
            assert!(told.contains(name), "{told}");
        }
    }
}

#[test]
fn each_function_describes_itself_and_only_itself() {
    for (binary, route, _) in ALL {
        let described = Command::new(binary).arg("--openapi").output().unwrap();
        let described: Value = serde_json::from_slice(&described.stdout).unwrap();
        let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, [route]);
        let name = binary.rsplit('/').next().unwrap();
        assert_eq!(described["paths"][route]["get"]["operationId"], name);
    }
}
