//! The driver drives a real function: `examples/probe.rs`, built on `lambda_runtime`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use runtime_api::{Function, Functions, Request, Spawn, schedule_event};
use serde_json::json;

/// `cargo test` builds examples beside the tests' own folder.
fn probe() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/probe");
    assert!(
        path.exists(),
        "build it first: cargo build -p runtime-api --examples"
    );
    path
}

#[tokio::test]
async fn an_event_is_answered() {
    let function = Function::spawn(probe(), &[]);
    assert_eq!(function.invoke(&json!({"a": 1})).await, Ok(json!({"a": 1})));
    assert!(function.invoke(&schedule_event()).await.is_ok());
}

#[tokio::test]
async fn a_function_that_fails_answers_its_error_and_lives_on() {
    let function = Function::spawn(probe(), &[]);
    let error = function.invoke(&json!({"do": "fail"})).await.unwrap_err();
    assert_eq!(error.message, "as asked");
    assert!(function.invoke(&json!({})).await.is_ok());
}

#[tokio::test]
async fn a_function_that_ends_answers_as_lambda_does() {
    let function = Function::spawn(probe(), &[]);
    let (ended, waiting) = (json!({"do": "exit"}), json!({}));
    let (first, second) = tokio::join!(function.invoke(&ended), function.invoke(&waiting));
    assert_eq!(first.unwrap_err().error_type, "Runtime.ExitError");
    assert!(second.unwrap_err().message.contains("exit status: 3"));
    assert!(!function.is_alive());
    assert_eq!(function.resident_memory(), 0);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let env = [("PROBE_FAILS_TO_START".to_owned(), "1".to_owned())];
    let function = Function::spawn(probe(), &env);
    let error = function.invoke(&json!({})).await.unwrap_err();
    assert!(error.message.contains("no database"), "{}", error.message);
}

#[tokio::test]
async fn the_context_is_a_real_one() {
    let function = Function::spawn(probe(), &[]);
    let context = function.invoke(&json!({"do": "context"})).await.unwrap();
    assert_eq!(context["name"], "probe");
    assert!(
        context["arn"]
            .as_str()
            .unwrap()
            .ends_with(":function:probe")
    );
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"));
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let left = context["deadline"]
        .as_u64()
        .map(u128::from)
        .unwrap()
        .checked_sub(now)
        .unwrap();
    assert!((20_000..=30_000).contains(&left), "{left} ms left");
}

#[tokio::test]
async fn the_environment_holds_what_was_given_and_what_lambda_gives() {
    let env = [("DATABASE_URL".to_owned(), "postgres://x".to_owned())];
    let function = Function::spawn(probe(), &env);
    let seen = function
        .invoke(&json!({"do": "environment"}))
        .await
        .unwrap();
    let names: Vec<&str> = seen["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(names.contains(&"DATABASE_URL") && names.contains(&"AWS_LAMBDA_RUNTIME_API"));
    assert!(
        !names.contains(&"HOME") && !names.contains(&"CARGO_MANIFEST_DIR"),
        "{names:?}"
    );
    assert_ne!(seen["directory"], json!(std::env::current_dir().unwrap()));
}

#[tokio::test]
async fn what_a_function_prints_is_kept() {
    let function = Function::spawn(probe(), &[]);
    function.invoke(&json!({"a": 1})).await.unwrap();
    let begun = Instant::now();
    while !function.logs().iter().any(|line| line == r#"echo {"a":1}"#) {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            function.logs()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(function.logs().iter().any(|line| line == "probe started"));
}

#[tokio::test]
async fn a_frozen_function_answers_after_it_is_thawed() {
    let function = Function::spawn(probe(), &[]);
    function.invoke(&json!({})).await.unwrap();
    function.pause();
    let event = json!({"late": true});
    let mut answer = std::pin::pin!(function.invoke(&event));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut answer)
            .await
            .is_err()
    );
    function.resume();
    assert_eq!(answer.await, Ok(event.clone()));
}

#[tokio::test]
async fn killing_a_function_fails_the_event_it_works() {
    let function = Function::spawn(probe(), &[]);
    function.ready_time().await;
    let event = json!({"do": "hang"});
    let (answer, ()) = tokio::join!(function.invoke(&event), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        function.kill();
    });
    assert_eq!(answer.unwrap_err().error_type, "Runtime.ExitError");
}

#[tokio::test]
#[should_panic(expected = "probe started")]
async fn a_function_that_hangs_fails_the_test_with_what_it_printed() {
    let function = Spawn::new(probe()).patience(Duration::from_secs(2)).start();
    drop(function.invoke(&json!({"do": "hang"})).await);
}

#[tokio::test]
async fn a_function_can_be_measured() {
    let function = Function::spawn(probe(), &[]);
    assert!(function.ready_time().await < Duration::from_secs(20));
    assert!(function.resident_memory() > 500_000);
    assert!(function.cpu_time() > Duration::ZERO);
}

#[tokio::test]
async fn http_is_spoken_as_the_gateway_does() {
    let function = Function::spawn(probe(), &[]);
    let response = function
        .send(Request::post("/api/orders").json(&json!({"a": 1})))
        .await;
    assert_eq!(response.status, 418);
    assert_eq!(response.cookies, ["seen=1"]);
    assert_eq!(
        response.json(),
        json!({"path": "/api/orders", "method": "POST"})
    );
}

#[tokio::test]
async fn a_pool_works_events_at_the_same_time_on_different_instances() {
    let functions = Functions::spawn(3, probe(), &[]);
    for function in functions.instances() {
        function.ready_time().await;
    }
    let event = json!({"do": "sleep"});
    let begun = Instant::now();
    let (a, b, c) = tokio::join!(
        functions.invoke(&event),
        functions.invoke(&event),
        functions.invoke(&event)
    );
    assert!(
        begun.elapsed() < Duration::from_millis(800),
        "{:?}",
        begun.elapsed()
    );
    let pids = [a, b, c].map(|answer| answer.unwrap()["pid"].as_u64().unwrap());
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2]);
}
