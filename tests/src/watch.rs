//! `cargo lambda watch` for one shop: the functions, as a developer runs them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::environment::read;

/// In the environment of everything that a shop starts: `<our process>-<which shop>`. `cargo lambda
/// watch` gives each function a process group of its own, so that its own group's end misses them.
const MARK: &str = "MADRUSH_TEST_SHOP";

const PATIENCE: Duration = Duration::from_secs(60);

/// The running emulator and its functions; dropping it ends them all.
pub(crate) struct Watch {
    child: Child,
    group: Pid,
    mark: String,
    log: PathBuf,
}

impl Watch {
    /// Starts it on a port and waits until it listens. The functions start with their first request.
    ///
    /// # Panics
    /// Where cargo-lambda is not there, or ends.
    pub(crate) async fn start(port: u16, environment: &[(&'static str, String)]) -> Self {
        build_what_is_missing().await;
        end_orphans();
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let mark = format!(
            "{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let log = root().join(format!("target/dev/test-shop-{mark}.log"));
        let child = command(port, environment, &mark, &log)
            .spawn()
            .expect("cargo-lambda can be started");
        let group = child
            .id()
            .expect("a process that was just started has an id");
        let mut watch = Self {
            group: Pid::from_raw(group.cast_signed()),
            child,
            mark,
            log,
        };
        watch.until_it_listens(port).await;
        watch
    }

    async fn until_it_listens(&mut self, port: u16) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let alive = matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE;
            let log = self.log.display();
            assert!(
                alive,
                "cargo lambda watch does not listen on port {port}; see {log}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the functions printed.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Forgets what the functions printed: nobody will ask.
    pub(crate) fn discard_log(&self) {
        drop(fs::remove_file(&self.log));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Failing means that it has ended by itself.
        let _ = killpg(self.group, Signal::SIGTERM);
        let began = Instant::now();
        loop {
            let left = marked(|mark| mark == self.mark);
            if left.is_empty() {
                return;
            }
            let signal = if began.elapsed() < Duration::from_secs(3) {
                Signal::SIGTERM
            } else {
                Signal::SIGKILL
            };
            signal_all(left, signal);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Whether the workspace has a function of this name.
pub(crate) fn is_function(name: &str) -> bool {
    let areas = fs::read_dir(root().join("functions")).into_iter().flatten();
    areas
        .flatten()
        .any(|area| area.path().join(format!("src/bin/{name}.rs")).exists())
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Never `--timeout`: it would also end the functions' own waiting for work, for good. Changes are
/// ignored: a reload loses the request in flight. One instance of each function: the emulator would
/// start a second one for whoever waits for the first to start.
fn command(port: u16, environment: &[(&'static str, String)], mark: &str, log: &Path) -> Command {
    fs::create_dir_all(root().join("target/dev")).expect("target/dev can be made");
    let output = File::create(log).expect("the log can be written");
    let errors = output.try_clone().expect("a second handle");
    let mut command = Command::new(cargo_lambda());
    command
        .args(["lambda", "watch", "--ignore-changes"])
        .args(["--invoke-address", "127.0.0.1", "--invoke-port"])
        .arg(port.to_string())
        .current_dir(root())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        // The emulator would tell of every function in kilobytes.
        .env_remove("RUST_LOG")
        .env(MARK, mark)
        .env("CARGO_TERM_QUIET", "true")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    forget_cargo(&mut command);
    command
}

/// `cargo test` describes this program in variables that build scripts watch: passed on, they would
/// rebuild half the tree.
fn forget_cargo(command: &mut Command) {
    const OURS: [&str; 5] = [
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
        "CARGO_PRIMARY_PACKAGE",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if OURS.iter().any(|ours| name.starts_with(ours)) {
            command.env_remove(&*name);
        }
    }
}

/// Where `cargo dev` has installed it, unless `CARGO_LAMBDA` says otherwise.
fn cargo_lambda() -> PathBuf {
    let given = read(|env| env.optional("CARGO_LAMBDA"));
    let program = given.map_or_else(
        || root().join("target/dev/venv/bin/cargo-lambda"),
        PathBuf::from,
    );
    assert!(
        program.exists(),
        "cargo-lambda is not at {}: run these tests with `cargo dev test`, which installs it",
        program.display()
    );
    program
}

/// `cargo dev test` has built the functions; whoever runs `cargo test` by hand may not have.
async fn build_what_is_missing() {
    if root().join("target/debug/place-order").exists() {
        return;
    }
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--workspace", "--bins"])
        .current_dir(root());
    forget_cargo(&mut build);
    let status = build.status().await.expect("cargo can be started");
    assert!(status.success(), "the functions do not compile");
}

/// Ends every process that the shops of this process have started; for a process that is about to end.
pub fn end_processes() {
    let own = format!("{}-", std::process::id());
    signal_all(marked(|mark| mark.starts_with(&own)), Signal::SIGKILL);
}

/// Ends what former test runs have left, if they were killed: processes whose mark names a process
/// that is gone, and logs.
fn end_orphans() {
    let orphaned = |mark: &str| {
        let owner = mark.split('-').next().unwrap_or_default();
        !Path::new("/proc").join(owner).exists()
    };
    signal_all(marked(orphaned), Signal::SIGKILL);
    let logs = fs::read_dir(root().join("target/dev"))
        .into_iter()
        .flatten()
        .flatten();
    for log in logs {
        let name = log.file_name().to_string_lossy().into_owned();
        let mark = name
            .strip_prefix("test-shop-")
            .and_then(|name| name.strip_suffix(".log"));
        if mark.is_some_and(orphaned) {
            drop(fs::remove_file(log.path()));
        }
    }
}

/// Failing means that a process has ended by itself.
fn signal_all(processes: Vec<Pid>, signal: Signal) {
    for pid in processes {
        let _ = kill(pid, signal);
    }
}

/// The processes whose mark is wanted. Another user's environment cannot be read, and a zombie's is
/// empty: neither counts.
fn marked(wanted: impl Fn(&str) -> bool) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| mark_of(*pid).is_some_and(|mark| wanted(&mark)))
        .map(Pid::from_raw)
        .collect()
}

fn mark_of(pid: i32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let mark = variables
        .find_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(mark.to_vec()).ok()
}
