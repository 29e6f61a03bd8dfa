use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::process::Process;
use crate::server::Server;
use crate::{Request, Response};

/// How a function is started; [`Function::spawn`] is the short form.
#[derive(Debug, Clone)]
pub struct Spawn {
    binary: PathBuf,
    env: Vec<(String, String)>,
    timeout: Duration,
    memory_mb: u32,
    patience: Duration,
    launcher: Option<(PathBuf, Vec<OsString>)>,
}

impl Spawn {
    /// A function with Lambda's surroundings: 30 s to answer, 512 MB, no settings of its own.
    pub fn new(binary: impl AsRef<Path>) -> Self {
        Self {
            binary: binary.as_ref().to_owned(),
            env: Vec::new(),
            timeout: Duration::from_secs(30),
            memory_mb: 512,
            patience: Duration::from_secs(90),
            launcher: None,
        }
    }

    /// Sets one variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.into()));
        self
    }

    /// Sets several variables.
    #[must_use]
    pub fn envs(self, env: &[(String, String)]) -> Self {
        env.iter()
            .fold(self, |spawn, (name, value)| spawn.env(name, value))
    }

    /// The function's own time limit, which it is told as its deadline. It is not enforced.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The function's memory, which it is told; it is not enforced.
    #[must_use]
    pub fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    /// Starts this program with these arguments in the binary's stead. It has to become the function:
    /// the same process, with the environment that it was given.
    #[must_use]
    pub fn through(mut self, (program, arguments): (PathBuf, Vec<OsString>)) -> Self {
        self.launcher = Some((program, arguments));
        self
    }

    /// How long an answer is waited for before the test fails; 90 s unless set.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Starts the function.
    ///
    /// # Panics
    /// When the binary cannot be started.
    pub fn start(self) -> Function {
        let name = function_name(&self.binary);
        let server = Server::start(&name, self.timeout);
        let env = self.lambda_env(&name, &server);
        let (program, arguments) = self.launcher.unwrap_or((self.binary, Vec::new()));
        let process = Process::start(&program, &arguments, &env);
        Function {
            name,
            server,
            process,
            patience: self.patience,
        }
    }

    /// AWS, "Defined runtime environment variables", as far as a function can tell the difference.
    fn lambda_env(&self, name: &str, server: &Server) -> Vec<(String, String)> {
        let lambda = [
            ("AWS_LAMBDA_RUNTIME_API", server.address().to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            (
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                self.memory_mb.to_string(),
            ),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            (
                "AWS_LAMBDA_LOG_STREAM_NAME",
                "2026/01/01/[$LATEST]local".to_owned(),
            ),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
            // Those of the function's role; they open nothing.
            ("AWS_ACCESS_KEY_ID", "ASIALOCAL".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_SESSION_TOKEN", "local".to_owned()),
            ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
        ];
        let lambda = lambda.map(|(name, value)| (name.to_owned(), value));
        lambda
            .into_iter()
            .chain(coverage())
            .chain(self.env.iter().cloned())
            .collect()
    }
}

/// The one variable of the test's that passes: where an instrumented binary writes its coverage.
fn coverage() -> Option<(String, String)> {
    const NAME: &str = "LLVM_PROFILE_FILE";
    #[expect(
        clippy::disallowed_methods,
        reason = "it is the coverage tool's, not a setting"
    )]
    std::env::var(NAME)
        .ok()
        .map(|value| (NAME.to_owned(), value))
}

/// One instance of a function. Dropping it kills it.
pub struct Function {
    name: String,
    server: Server,
    process: Process,
    patience: Duration,
}

/// What Lambda reports when a function did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{error_type}: {message}")]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// The kind, such as `Runtime.ExitError`.
    pub error_type: String,
    /// The words.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    pub(crate) fn from_body(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            error_type: "Runtime.Unknown".to_owned(),
            message: String::from_utf8_lossy(body).into_owned(),
        })
    }
}

impl Function {
    /// Starts a function's binary with these variables and those that Lambda gives, and no other.
    ///
    /// # Panics
    /// When the binary cannot be started.
    pub fn spawn(binary: impl AsRef<Path>, env: &[(String, String)]) -> Self {
        Spawn::new(binary).envs(env).start()
    }

    /// Hands the function an event and waits for its answer. An instance works one event at a time;
    /// further ones wait for their turn.
    ///
    /// # Errors
    /// The function's own error, or `Runtime.ExitError` when its process ended first.
    ///
    /// # Panics
    /// After the patience of [`Spawn::patience`], with all that the function has printed.
    pub async fn invoke(&self, event: &Value) -> Result<Value, FunctionError> {
        let answer = self.server.offer(event);
        let mut exit = self.process.exit();
        // What is seen of the exit is let go at once: held, it would keep this from other threads.
        let ended = async { drop(exit.wait_for(Option::is_some).await) };
        let either = async {
            tokio::select! {
                biased;
                answer = answer => answer.unwrap_or_else(|_| Err(self.exited())),
                () = ended => Err(self.end().await),
            }
        };
        match timeout(self.patience, either).await {
            Ok(answer) => answer,
            Err(_) => self.fail("did not answer"),
        }
    }

    /// Sends an HTTP request through the gateway's eyes.
    ///
    /// # Panics
    /// When the function answers with an error or with something the gateway could not send on: an
    /// HTTP function has to answer whatever happens.
    pub async fn send(&self, request: Request) -> Response {
        let answer = self.invoke(&request.event()).await;
        let decoded = answer
            .map_err(|error| error.to_string())
            .and_then(Response::decode);
        match decoded {
            Ok(response) => response,
            Err(problem) => self.fail(&format!("gave the gateway no answer ({problem})")),
        }
    }

    /// How long after its start the function first asked for work; waits until it has.
    ///
    /// # Panics
    /// When it ends first, or after the patience of [`Spawn::patience`].
    pub async fn ready_time(&self) -> Duration {
        match self.started().await {
            Ok(after) => after,
            Err(error) => self.fail(&format!("never asked for work ({})", error.error_type)),
        }
    }

    /// Like [`Function::ready_time`], for a function that may not start.
    ///
    /// # Errors
    /// `Runtime.ExitError` with what it printed when its process ended first.
    ///
    /// # Panics
    /// After the patience of [`Spawn::patience`].
    pub async fn started(&self) -> Result<Duration, FunctionError> {
        let mut ready = self.server.ready();
        let mut exit = self.process.exit();
        let either = async {
            tokio::select! {
                biased;
                ready = ready.wait_for(Option::is_some) => ready.ok().and_then(|ready| *ready),
                _ = exit.wait_for(Option::is_some) => None,
            }
        };
        match timeout(self.patience, either).await {
            Ok(Some(after)) => Ok(after),
            Ok(None) => Err(self.exited()),
            Err(_) => self.fail("never asked for work"),
        }
    }

    /// Freezes the process, as Lambda does between invocations.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    /// Thaws it.
    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }

    /// Ends the process without giving it a say.
    pub fn kill(&self) {
        self.process.signal(Signal::SIGKILL);
    }

    /// Whether the process has not ended.
    pub fn is_alive(&self) -> bool {
        self.process.is_alive()
    }

    /// The lines of standard output and standard error so far, in the order in which they came.
    pub fn logs(&self) -> Vec<String> {
        self.process.lines()
    }

    /// The process's id; another's, once it has ended.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Resident memory in bytes; 0 when the process has ended.
    pub fn resident_memory(&self) -> u64 {
        self.process.resident_memory()
    }

    /// Time spent on a processor so far.
    pub fn cpu_time(&self) -> Duration {
        self.process.cpu_time()
    }

    /// The process has ended; whatever else waits is told too.
    async fn end(&self) -> FunctionError {
        let error = self.exited();
        self.server.fail_all(&error).await;
        error
    }

    fn exited(&self) -> FunctionError {
        let status = *self.process.exit().borrow();
        let status = status.map_or_else(|| "ended".to_owned(), |status| status.to_string());
        FunctionError {
            error_type: "Runtime.ExitError".to_owned(),
            message: format!("{}: {status}\n{}", self.name, self.logs().join("\n")),
        }
    }

    fn fail(&self, what: &str) -> ! {
        let state = if self.is_alive() { "alive" } else { "dead" };
        let logs = self.logs().join("\n");
        panic!(
            "{} {what} (its process is {state}); it printed:\n{logs}",
            self.name
        )
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The binary's name, or its folder's where every binary is called `bootstrap`.
fn function_name(binary: &Path) -> String {
    let file = |path: &Path| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    file(binary)
        .filter(|name| name != "bootstrap")
        .or_else(|| binary.parent().and_then(file))
        .unwrap_or_else(|| "function".to_owned())
}
