use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{Function, FunctionError, Request, Response, Spawn};

/// Several instances of one function, as Lambda scales it: each event goes to one that is idle, and
/// waits when none is.
#[derive(Debug)]
pub struct Functions {
    instances: Vec<Function>,
    idle: Mutex<Vec<usize>>,
    free: Semaphore,
}

impl Functions {
    /// Starts `n` instances with these variables.
    ///
    /// # Panics
    /// When the binary cannot be started.
    pub fn spawn(n: usize, binary: impl AsRef<Path>, env: &[(String, String)]) -> Self {
        Self::start(n, &Spawn::new(binary).envs(env))
    }

    /// Starts `n` instances.
    ///
    /// # Panics
    /// When the binary cannot be started.
    pub fn start(n: usize, spawn: &Spawn) -> Self {
        Self {
            instances: (0..n).map(|_| spawn.clone().start()).collect(),
            idle: Mutex::new((0..n).collect()),
            free: Semaphore::new(n),
        }
    }

    /// Hands an event to an idle instance; see [`Function::invoke`].
    ///
    /// # Errors
    /// The function's own error, or that its process ended.
    pub async fn invoke(&self, event: &Value) -> Result<Value, FunctionError> {
        let turn = self.turn().await;
        turn.function().invoke(event).await
    }

    /// Sends an HTTP request to an idle instance; see [`Function::send`].
    pub async fn send(&self, request: Request) -> Response {
        let turn = self.turn().await;
        turn.function().send(request).await
    }

    /// Every instance.
    pub fn instances(&self) -> &[Function] {
        &self.instances
    }

    async fn turn(&self) -> Turn<'_> {
        let permit = self
            .free
            .acquire()
            .await
            .expect("this semaphore is never closed");
        let index = self
            .idle()
            .pop()
            .expect("there is an idle instance for each permit");
        Turn {
            functions: self,
            index,
            _permit: permit,
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The use of one instance, given back even when the caller stops waiting or fails.
struct Turn<'a> {
    functions: &'a Functions,
    index: usize,
    _permit: tokio::sync::SemaphorePermit<'a>,
}

impl Turn<'_> {
    fn function(&self) -> &Function {
        &self.functions.instances[self.index]
    }
}

impl Drop for Turn<'_> {
    // Runs before the permit's own drop, so a permit always finds an idle instance.
    fn drop(&mut self) {
        self.functions.idle().push(self.index);
    }
}
