//! Child processes that do not outlive us.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// In the environment of `cargo lambda watch` and so of every function that it starts: whatever
/// carries it belongs to the shop of this work tree, however it has been re-parented.
pub(crate) const MARK: &str = "MADRUSH_DEV_TREE";

const POLL: Duration = Duration::from_millis(50);

/// A child in a process group of its own. Dropping it asks the group to end.
pub(crate) struct Group {
    child: Child,
    group: Option<Pid>,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let group = child.id().map(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, group })
    }

    /// The lines of both outputs as they come; only once.
    pub(crate) fn lines(&mut self) -> mpsc::Receiver<String> {
        let (send, receive) = mpsc::channel(256);
        if let Some(stdout) = self.child.stdout.take() {
            tokio::spawn(forward(stdout, send.clone()));
        }
        if let Some(stderr) = self.child.stderr.take() {
            tokio::spawn(forward(stderr, send));
        }
        receive
    }

    pub(crate) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self
            .child
            .wait()
            .await
            .context("cannot wait for a child process")?;
        self.group = None;
        Ok(status)
    }

    /// Asks the group to end; forces it after `patience`.
    pub(crate) async fn stop(mut self, patience: Duration) {
        let Some(group) = self.group.take() else {
            return;
        };
        // Failing means that the group has ended by itself.
        let _ = killpg(group, Signal::SIGTERM);
        if tokio::time::timeout(patience, self.child.wait())
            .await
            .is_err()
        {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = self.child.wait().await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = killpg(group, Signal::SIGTERM);
        }
    }
}

async fn forward(output: impl AsyncRead + Unpin, lines: mpsc::Sender<String>) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        if lines.send(line).await.is_err() {
            return;
        }
    }
}

/// Ends every process that carries this work tree's mark: `cargo lambda watch` gives each function a
/// process group of its own, which its own group's end does not reach.
pub(crate) async fn end_marked(tree: &Path) {
    let began = Instant::now();
    loop {
        let marked = marked(tree);
        if marked.is_empty() {
            return;
        }
        let patient = began.elapsed() < Duration::from_secs(3);
        let signal = if patient {
            Signal::SIGTERM
        } else {
            Signal::SIGKILL
        };
        for pid in marked {
            let _ = kill(pid, signal);
        }
        if began.elapsed() > Duration::from_secs(6) {
            return;
        }
        tokio::time::sleep(POLL * 4).await;
    }
}

fn marked(tree: &Path) -> Vec<Pid> {
    let mut mark = format!("{MARK}=").into_bytes();
    mark.extend(tree.as_os_str().as_encoded_bytes());
    let processes = fs::read_dir("/proc").into_iter().flatten();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| carries(*pid, &mark))
        .map(Pid::from_raw)
        .collect()
}

/// Another user's environment cannot be read, and a zombie's is empty: neither counts.
fn carries(pid: i32, mark: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == mark)
}

/// The mark as a pair for a child's environment.
pub(crate) fn mark(tree: &Path) -> (&'static str, &OsStr) {
    (MARK, tree.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_carries_the_mark_is_ended_wherever_it_hides() {
        let tree = tempfile::tempdir().unwrap();
        let (name, value) = mark(tree.path());
        let mut hidden = Command::new("setsid")
            .args(["sleep", "600"])
            .env(name, value)
            .spawn()
            .unwrap();
        while marked(tree.path()).is_empty() {
            tokio::time::sleep(POLL).await;
        }
        tokio::join!(end_marked(tree.path()), async {
            hidden.wait().await.unwrap()
        });
        assert!(marked(tree.path()).is_empty());
    }
}
