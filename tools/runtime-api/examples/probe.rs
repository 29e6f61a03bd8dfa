//! A function for this crate's own tests: it does what its event says.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if setting("PROBE_FAILS_TO_START").is_some() {
        return Err("no database".into());
    }
    eprintln!("probe started");
    lambda_runtime::run(service_fn(work)).await
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if event.get("requestContext").is_some() {
        return Ok(http(&event));
    }
    match event["do"].as_str().unwrap_or_default() {
        "fail" => Err("as asked".into()),
        "exit" => std::process::exit(3),
        "hang" => std::future::pending().await,
        "sleep" => {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            Ok(json!({"pid": std::process::id()}))
        }
        "context" => Ok(json!({
            "request_id": context.request_id,
            "deadline": context.deadline,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "name": context.env_config.function_name,
        })),
        "environment" => Ok(environment()),
        _ => {
            println!("echo {event}");
            Ok(event)
        }
    }
}

fn http(event: &Value) -> Value {
    json!({
        "statusCode": 418,
        "headers": {"content-type": "application/json"},
        "cookies": ["seen=1"],
        "body": json!({"path": event["rawPath"], "method": event["requestContext"]["http"]["method"]})
            .to_string(),
        "isBase64Encoded": false,
    })
}

fn environment() -> Value {
    let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let directory = std::env::current_dir().map(|path| path.display().to_string());
    json!({"names": names, "directory": directory.unwrap_or_default()})
}

#[expect(
    clippy::disallowed_methods,
    reason = "the probe shows what it was started with"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
