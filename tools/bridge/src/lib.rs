//! Stands for what AWS runs between the broker, the clock and the functions: Amazon MQ's event
//! source ([`run_queue`]) and EventBridge Scheduler ([`run_schedules`]). Development only.
//!
//! Invariant: a consumer sees here what it will see on AWS: one invocation at a time for each
//! queue, the exact event, the whole batch acknowledged or the whole batch returned.
//!
//! Refuses to know the shop: queues, functions and payloads are names and JSON to it.

mod backoff;
mod broker;
mod event;
mod invoke;
mod queue;
mod schedule;

pub use broker::Broker;
pub use invoke::{InvokeError, InvokeTarget};
pub use queue::{QueueBinding, run_queue};
pub use schedule::{Pace, Schedule, run_schedules, scheduler_event};

/// Turns `true` when everything is to end; also ends when its sender is dropped.
pub type Shutdown = tokio::sync::watch::Receiver<bool>;

/// Resolves when the bridge is to end.
async fn ended(mut shutdown: Shutdown) {
    // An error means that the sender is gone: nobody could ask us to end any more.
    let _ = shutdown.wait_for(|end| *end).await;
}
