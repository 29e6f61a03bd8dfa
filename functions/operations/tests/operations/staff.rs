//! Who is let in where staff work: the same for each of their functions.

use domain::Permission;
use runtime_api::{Function, Request};
use serde_json::{Value, json};
use stage::{Stage, insta};

use crate::requests::{activity, discard, list, ready, replay};
use crate::{
    ADMIN_DISCARD_MESSAGE, ADMIN_LIST_DEAD_MESSAGES, ADMIN_REPLAY_MESSAGE, ADMIN_STREAM_ACTIVITY,
    HEALTH,
};

/// Each address for staff with its function and the permission that it needs.
fn doors() -> [(&'static str, Request, Permission); 5] {
    let id = "0190f5fe-7c00-7a00-8000-000000000001";
    [
        (HEALTH, ready(), Permission::ReadOperations),
        (
            ADMIN_LIST_DEAD_MESSAGES,
            list(""),
            Permission::ReadOperations,
        ),
        (
            ADMIN_REPLAY_MESSAGE,
            replay(id),
            Permission::WriteOperations,
        ),
        (
            ADMIN_DISCARD_MESSAGE,
            discard(id, &json!({ "reason": "no" })),
            Permission::WriteOperations,
        ),
        (ADMIN_STREAM_ACTIVITY, activity(""), Permission::ReadOrders),
    ]
}

/// Readiness wants to be told of a cache, and need not find one.
fn spawn(stage: &Stage, binary: &str) -> Function {
    let no_cache = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", "1")];
    Function::spawn(binary, &stage.settings_with(binary, &no_cache))
}

async fn told(function: &Function, request: Request) -> Value {
    let mut answer = stage::answer(&function.send(request).await);
    answer["headers"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name == "www-authenticate");
    answer
}

#[tokio::test]
async fn nobody_is_let_in_without_a_token_that_counts_for_staff() {
    let stage = Stage::set().await;
    let guest = stage
        .an_order(stage.a_product(500_000, 10).await)
        .place()
        .await;
    let right = stage.staff_token("ada", Permission::ALL);
    let (claims, signature) = right.rsplit_once('.').unwrap();
    let tampered = format!("{claims}.{}", signature.chars().rev().collect::<String>());
    let before = stage.fingerprints().await;
    for (binary, request, _) in doors() {
        let function = spawn(&stage, binary);
        let refused = told(&function, request.clone()).await;
        insta::assert_json_snapshot!("without_a_token", refused);
        for token in [&tampered, &guest.token, "x", "a.b.c"] {
            let request = request.clone().bearer(token);
            assert_eq!(told(&function, request).await, refused, "{binary} {token}");
        }
    }
    assert_eq!(stage.fingerprints().await, before);
    stage.announced().await;
}

#[tokio::test]
async fn a_token_counts_for_what_it_permits_and_for_nothing_else() {
    let stage = Stage::set().await;
    // Whoever follows would wait for something to happen.
    stage
        .execute("INSERT INTO activity (kind, at, transaction) VALUES ('told', now(), '0')")
        .await;
    let before = stage.fingerprints().await;
    for (binary, request, needed) in doors() {
        let function = spawn(&stage, binary);
        let others: Vec<_> = Permission::ALL
            .iter()
            .copied()
            .filter(|p| *p != needed)
            .collect();
        let lacking = request.clone().bearer(&stage.staff_token("ada", &others));
        let refused = told(&function, lacking).await;
        assert_eq!(
            (&refused["status"], &refused["body"]["code"]),
            (&json!(403), &json!("forbidden"))
        );
        let named = refused["body"]["detail"]
            .as_str()
            .unwrap()
            .contains(needed.as_str());
        assert!(named, "{binary}: {refused}");
        assert_eq!(
            refused["headers"],
            json!({}),
            "a better token of the same kind would not help"
        );
        let permitted = request.bearer(&stage.staff_token("ada", &[needed]));
        let status = function.send(permitted).await.status;
        assert!([200, 404].contains(&status), "{binary}: {status}");
    }
    assert_eq!(stage.fingerprints().await, before);
}

#[tokio::test]
async fn the_api_document_names_the_permission_that_is_asked_for() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let operations = [
        ("/api/health/ready", "get", "read_operations"),
        ("/api/admin/dead-messages", "get", "read_operations"),
        (
            "/api/admin/dead-messages/{id}/replay",
            "post",
            "write_operations",
        ),
        (
            "/api/admin/dead-messages/{id}/discard",
            "post",
            "write_operations",
        ),
        ("/api/admin/activity", "get", "read_orders"),
    ];
    for (path, method, word) in operations {
        let security = &document["paths"][path][method]["security"];
        assert_eq!(security, &json!([{ "staff": [word] }]), "{path}");
    }
}
