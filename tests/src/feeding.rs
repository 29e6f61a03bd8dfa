//! What invokes the functions that nobody calls: the queues and the relay's schedule.

use std::time::Duration;

use bridge::{Broker, InvokeTarget, Pace, QueueBinding, Schedule, run_queue, run_schedules};
use messaging::topology::QUEUES;
use runtime_api::Gate;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::vhost::Vhost;
use crate::watch::is_function;

/// The running bridge and scheduler; dropping it ends both without waiting.
pub(crate) struct Feeding {
    end: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Feeding {
    /// Feeds every queue whose consumer is there, and relays the outbox without a pause. Orders
    /// expire when a test says so.
    pub(crate) fn start(vhost: &Vhost, rabbit: &Gate, target: &InvokeTarget) -> Self {
        let (end, shutdown) = watch::channel(false);
        let settings = &vhost.settings;
        let broker = Broker {
            host: rabbit.host(),
            port: rabbit.port(),
            user: settings.user.clone(),
            password: settings.password.clone(),
            vhost: settings.vhost.clone(),
            tls: false,
        };
        let consumed = QUEUES.iter().filter(|queue| is_function(queue.consumer));
        let mut tasks: Vec<_> = consumed
            .map(|queue| QueueBinding {
                queue: queue.name.to_owned(),
                function: queue.consumer.to_owned(),
                batch_size: 100,
                window: Duration::from_millis(200),
            })
            .map(|binding| run_queue(binding, broker.clone(), target.clone(), shutdown.clone()))
            .map(tokio::spawn)
            .collect();
        let relay = Schedule {
            function: "relay-outbox".to_owned(),
            pace: Pace::Continuously,
            limit: Duration::from_secs(60),
        };
        tasks.push(tokio::spawn(run_schedules(
            vec![relay],
            target.clone(),
            shutdown,
        )));
        Self { end, tasks }
    }

    /// Ends the feeding and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        self.end.send_replace(true);
        for task in self.tasks.drain(..) {
            // A task that panicked has said so already.
            let _ = task.await;
        }
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.end.send_replace(true);
    }
}
