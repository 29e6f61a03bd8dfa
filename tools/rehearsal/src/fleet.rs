//! The instances of one function of one version, as Lambda keeps them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use runtime_api::{Function, FunctionError, Spawn};
use serde_json::Value;
use tokio::sync::Semaphore;

/// An instance that has had no work for so long is frozen. Lambda freezes as soon as the function
/// asks for work again, which it does well within this.
const FREEZE_AFTER: Duration = Duration::from_millis(300);

/// Instances start when an event finds none idle, work one event at a time, and are frozen between.
pub(crate) struct Fleet {
    spawn: Spawn,
    /// How long an event may take before its instance is ended.
    limit: Duration,
    /// How many instances there may be; further events wait.
    places: Semaphore,
    idle: Mutex<Vec<Instance>>,
    busy: AtomicUsize,
    started: AtomicUsize,
    logs: Mutex<Vec<String>>,
}

struct Instance {
    function: Arc<Function>,
    since: Instant,
    frozen: bool,
}

impl Fleet {
    pub(crate) fn new(spawn: Spawn, limit: Duration, instances: usize) -> Self {
        Self {
            spawn: spawn.timeout(limit).patience(limit * 4),
            limit,
            places: Semaphore::new(instances),
            idle: Mutex::default(),
            busy: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            logs: Mutex::default(),
        }
    }

    /// Notes an event that is on its way here, from before it is decided that it comes here.
    pub(crate) fn expect(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// How many events are being worked, or wait for an instance.
    pub(crate) fn in_flight(&self) -> usize {
        self.busy.load(Ordering::SeqCst)
    }

    /// How many instances were started so far.
    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    /// Freezes what has been idle.
    pub(crate) fn freeze_idle(&self) {
        for instance in locked(&self.idle).iter_mut() {
            if !instance.frozen && instance.since.elapsed() > FREEZE_AFTER {
                instance.function.pause();
                instance.frozen = true;
            }
        }
    }

    /// Everything that the instances have printed.
    pub(crate) fn logs(&self) -> Vec<String> {
        let mut lines = locked(&self.logs).clone();
        lines.extend(
            locked(&self.idle)
                .iter()
                .flat_map(|instance| instance.function.logs()),
        );
        lines
    }

    async fn invoke(&self, event: &Value) -> Result<Value, FunctionError> {
        let Ok(_place) = self.places.acquire().await else {
            return Err(failure("Runtime.Gone", "the fleet has been taken down"));
        };
        let function = self.take();
        let answer = tokio::time::timeout(self.limit, function.invoke(event)).await;
        match answer {
            Ok(answer) if function.is_alive() => {
                self.give_back(function);
                answer
            }
            Ok(answer) => {
                self.bury(&function);
                answer
            }
            Err(_) => {
                function.kill();
                self.bury(&function);
                Err(failure(
                    "Sandbox.Timedout",
                    &format!("no answer within {:?}", self.limit),
                ))
            }
        }
    }

    /// The instance that was used last, thawed; a new one where none is idle.
    fn take(&self) -> Arc<Function> {
        let idle = locked(&self.idle).pop();
        match idle {
            Some(instance) => {
                if instance.frozen {
                    instance.function.resume();
                }
                instance.function
            }
            None => {
                self.started.fetch_add(1, Ordering::SeqCst);
                Arc::new(self.spawn.clone().start())
            }
        }
    }

    fn give_back(&self, function: Arc<Function>) {
        locked(&self.idle).push(Instance {
            function,
            since: Instant::now(),
            frozen: false,
        });
    }

    fn bury(&self, function: &Function) {
        locked(&self.logs).extend(function.logs());
    }
}

/// An event that counts as in flight until this is dropped.
pub(crate) struct Busy(Arc<Fleet>);

impl Busy {
    pub(crate) async fn invoke(&self, event: &Value) -> Result<Value, FunctionError> {
        self.0.invoke(event).await
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

fn failure(error_type: &str, message: &str) -> FunctionError {
    FunctionError {
        error_type: error_type.to_owned(),
        message: message.to_owned(),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
