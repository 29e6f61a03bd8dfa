//! A function's process: started clean, listened to, watched.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

/// A running or ended process and what it has printed.
pub(crate) struct Process {
    pid: Pid,
    lines: Arc<Mutex<Vec<String>>>,
    /// The exit status once it has one. While it has none the process has not been waited for, so
    /// its id cannot belong to another.
    exit: watch::Receiver<Option<ExitStatus>>,
    _directory: tempfile::TempDir,
}

impl Process {
    /// Starts the binary with exactly these variables, in an empty directory of its own.
    pub(crate) fn start(binary: &Path, arguments: &[OsString], env: &[(String, String)]) -> Self {
        let directory = tempfile::tempdir().expect("no temporary directory");
        let mut child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", binary.display()));
        let lines = Arc::default();
        let listeners = [
            listen(child.stdout.take(), &lines),
            listen(child.stderr.take(), &lines),
        ];
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("process ids are positive i32"));
        Self {
            pid,
            lines,
            exit: watch_exit(child, listeners),
            _directory: directory,
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    pub(crate) fn exit(&self) -> watch::Receiver<Option<ExitStatus>> {
        self.exit.clone()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Sends a signal, unless the process has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        let exit = self.exit.borrow();
        if exit.is_none() {
            // It may have ended this very moment; then there is nothing to signal.
            let _ = kill(self.pid, signal);
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Resident memory in bytes; 0 when the process has ended.
    pub(crate) fn resident_memory(&self) -> u64 {
        let status = self.proc_file("status");
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kibibytes.unwrap_or(0) * 1_024
    }

    /// Time on a processor so far, over all threads that still live.
    pub(crate) fn cpu_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid));
        let nanoseconds = threads
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|stat| stat.split_whitespace().next()?.parse::<u64>().ok())
            .sum();
        Duration::from_nanos(nanoseconds)
    }

    fn proc_file(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.pid)).unwrap_or_default()
    }
}

impl Drop for Process {
    /// Kills, and waits until it is so: a test's database may be dropped next.
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        while self.is_alive() && self.exit.has_changed().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A thread that keeps a stream's lines; it ends with the stream.
fn listen(
    stream: Option<impl Read + Send + 'static>,
    lines: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        let Some(stream) = stream else { return };
        // What is not UTF-8 is kept as well as it can be.
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            lock(&lines).push(String::from_utf8_lossy(&line).into_owned());
        }
    })
}

fn watch_exit(
    mut child: Child,
    listeners: impl IntoIterator<Item = JoinHandle<()>> + Send + 'static,
) -> watch::Receiver<Option<ExitStatus>> {
    let (sender, receiver) = watch::channel(None);
    std::thread::spawn(move || {
        // Its last words first: whoever learns of the end has all of them.
        for listener in listeners {
            drop(listener.join());
        }
        // Waiting for one's own child fails only if somebody else has waited for it.
        if let Ok(status) = child.wait() {
            let _ = sender.send(Some(status));
        }
    });
    receiver
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
