//! The event sources and schedules, pumping real messages from the real broker to whichever version
//! has the traffic.

use std::collections::BTreeSet;
use std::time::Duration;

use bridge::{Broker, InvokeTarget, Pace, QueueBinding, Schedule, run_queue, run_schedules};
use messaging::RabbitSettings;
use messaging::topology::QUEUES;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::traffic::Traffic;

/// Orders expire within seconds of their time here; on AWS within a minute.
const EXPIRY_EVERY: Duration = Duration::from_secs(3);

const LIMIT: Duration = Duration::from_secs(70);

/// The running event sources and schedules; dropping it ends them without waiting.
pub(crate) struct Feeding {
    end: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    fed: BTreeSet<String>,
    target: InvokeTarget,
}

impl Feeding {
    /// Invokes nothing yet.
    ///
    /// # Errors
    /// Where no HTTP client can be had.
    pub(crate) fn of(api: &str) -> anyhow::Result<Self> {
        let target = InvokeTarget::new(api, LIMIT)?;
        Ok(Self {
            end: watch::Sender::new(false),
            tasks: Vec::new(),
            fed: BTreeSet::new(),
            target,
        })
    }

    /// Feeds every queue whose consumer is there, relays the outbox without a pause, lets orders
    /// expire; what is fed already stays as it is.
    pub(crate) fn feed(&mut self, rabbit: &RabbitSettings, traffic: &Traffic) {
        let mut new =
            |function: &str| traffic.has(function) && self.fed.insert(function.to_owned());
        let queues = QUEUES
            .iter()
            .filter(|queue| new(queue.consumer))
            .map(|queue| QueueBinding {
                queue: queue.name.to_owned(),
                function: queue.consumer.to_owned(),
                batch_size: 100,
                window: Duration::from_millis(200),
            });
        let queues: Vec<_> = queues.collect();
        let schedules: Vec<_> = schedules()
            .into_iter()
            .filter(|schedule| new(&schedule.function))
            .collect();
        for queue in queues {
            let (broker, target) = (broker(rabbit), self.target.clone());
            self.tasks.push(tokio::spawn(run_queue(
                queue,
                broker,
                target,
                self.end.subscribe(),
            )));
        }
        if !schedules.is_empty() {
            let running = run_schedules(schedules, self.target.clone(), self.end.subscribe());
            self.tasks.push(tokio::spawn(running));
        }
    }

    /// Ends them and waits until they have ended.
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

fn schedules() -> Vec<Schedule> {
    let schedule = |function: &str, pace| Schedule {
        function: function.to_owned(),
        pace,
        limit: LIMIT,
    };
    vec![
        schedule("relay-outbox", Pace::Continuously),
        schedule("expire-orders", Pace::Every(EXPIRY_EVERY)),
    ]
}

fn broker(rabbit: &RabbitSettings) -> Broker {
    Broker {
        host: rabbit.host.clone(),
        port: rabbit.port,
        user: rabbit.user.clone(),
        password: rabbit.password.clone(),
        vhost: rabbit.vhost.clone(),
        tls: rabbit.tls,
    }
}
