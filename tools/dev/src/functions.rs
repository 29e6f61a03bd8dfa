//! Which functions are fed by queues and by the clock; template.yaml says the same for AWS.

use std::time::Duration;

use bridge::{Broker, InvokeTarget, Pace, QueueBinding, Schedule, run_queue, run_schedules};
use messaging::RabbitSettings;
use messaging::topology::QUEUES;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::environment::Settings;
use crate::lambda::Reloads;

/// A reload that nobody tells of loses the invocation in flight, so none may last for long.
const QUEUE_LIMIT: Duration = Duration::from_secs(60);

/// The running bridge and scheduler.
pub(crate) struct Feeding {
    end: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Feeding {
    /// Feeds those of `functions` that consume a queue or have a schedule.
    /// Invocations that a reload loses are given up at once where `reloads` tells of them.
    pub(crate) fn start(
        settings: &Settings,
        functions: &[String],
        reloads: Option<Reloads>,
    ) -> anyhow::Result<Self> {
        let rabbit = settings.read(RabbitSettings::read)?;
        let api = format!("http://127.0.0.1:{}", settings.ports()?.api);
        let mut target = InvokeTarget::new(&api, QUEUE_LIMIT)?;
        if let Some(reloads) = reloads {
            target = target.reloaded_by(reloads);
        }
        let (end, shutdown) = watch::channel(false);
        let there = |name: &str| functions.iter().any(|function| function == name);
        let mut tasks: Vec<_> = bindings()
            .filter(|binding| there(&binding.function))
            .map(|binding| run_queue(binding, broker(&rabbit), target.clone(), shutdown.clone()))
            .map(tokio::spawn)
            .collect();
        let schedules = schedules()
            .into_iter()
            .filter(|s| there(&s.function))
            .collect();
        tasks.push(tokio::spawn(run_schedules(schedules, target, shutdown)));
        Ok(Self { end, tasks })
    }

    pub(crate) async fn stop(self) {
        self.end.send_replace(true);
        for task in self.tasks {
            // A task that panicked has said so already.
            let _ = task.await;
        }
    }
}

fn bindings() -> impl Iterator<Item = QueueBinding> {
    QUEUES.iter().map(|queue| QueueBinding {
        queue: queue.name.to_owned(),
        function: queue.consumer.to_owned(),
        batch_size: 100,
        window: Duration::from_millis(200),
    })
}

/// `relay-outbox` drains for most of its minute; invoked again as soon as it ends, nothing waits.
fn schedules() -> Vec<Schedule> {
    let minute = Duration::from_secs(60);
    vec![
        Schedule {
            function: "relay-outbox".to_owned(),
            pace: Pace::Continuously,
            limit: minute + Duration::from_secs(5),
        },
        Schedule {
            function: "expire-orders".to_owned(),
            pace: Pace::Every(minute),
            limit: minute,
        },
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
