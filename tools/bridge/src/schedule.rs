//! Schedules.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::invoke::InvokeTarget;
use crate::{Shutdown, ended};

/// When a schedule invokes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At a fixed rate; a tick that falls into a running invocation is left out.
    Every(Duration),
    /// As soon as the former invocation has ended: for a function that fills its minute with work,
    /// so that nothing waits for the next minute when it ends early. On AWS it has a rate.
    Continuously,
}

/// A function and when to invoke it.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The function's name.
    pub function: String,
    /// When.
    pub pace: Pace,
    /// How long one invocation may take before it counts as lost.
    pub limit: Duration,
}

/// After a failure a continuous schedule waits this long, so that it does not spin.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Invokes scheduled functions until `shutdown`.
///
/// Never two invocations of one schedule at once, which EventBridge Scheduler does not promise: it
/// invokes asynchronously and would start the second beside the first. Functions must bear that;
/// this bridge does not show it.
pub async fn run_schedules(schedules: Vec<Schedule>, target: InvokeTarget, shutdown: Shutdown) {
    let running = join_all(schedules.iter().map(|schedule| run(schedule, &target)));
    tokio::select! {
        _ = running => {}
        () = ended(shutdown) => {}
    }
}

async fn run(schedule: &Schedule, target: &InvokeTarget) {
    let target = target.within(schedule.limit);
    match schedule.pace {
        Pace::Every(period) => {
            let mut ticks = interval_at(Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                tick(schedule, &target).await;
            }
        }
        Pace::Continuously => loop {
            if !tick(schedule, &target).await {
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        },
    }
}

/// One invocation; whether it succeeded.
async fn tick(schedule: &Schedule, target: &InvokeTarget) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "a scheduler is the one who tells the time"
    )]
    let event = scheduler_event(&schedule.function, Utc::now());
    match target.invoke(&schedule.function, &event).await {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(
                function = schedule.function,
                "the scheduled invocation: {error}"
            );
            false
        }
    }
}

/// What EventBridge Scheduler sends when a schedule names no input of its own ("Templated targets:
/// AWS Lambda Invoke", EventBridge Scheduler user guide).
#[must_use]
pub fn scheduler_event(name: &str, at: DateTime<Utc>) -> Value {
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": "us-east-1",
        "resources": [format!("arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}")],
        "detail": "{}",
    })
}
