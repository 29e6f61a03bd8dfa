use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The event that EventBridge Scheduler invokes a function with when its target has no input.
pub fn schedule_event() -> Value {
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": "eu-west-1",
        "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/every-minute"],
        "detail": "{}",
    })
}
