//! `cargo lambda watch`: the functions behind an address that imitates API Gateway and Lambda.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;

use crate::children::Group;
use crate::cli::Run;
use crate::environment::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::{cargo, children};

/// Counts the times that a function was stopped and started again.
pub(crate) type Reloads = watch::Receiver<u64>;

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it and waits until it listens. The functions themselves start with their first request.
pub(crate) async fn watch(
    workspace: &Workspace,
    terminal: &Terminal,
    cargo_lambda: &Path,
    settings: &Settings,
    run: &Run,
) -> anyhow::Result<(Group, Reloads)> {
    let port = settings.ports()?.api;
    let mut command = command(workspace, cargo_lambda, settings, run)?;
    let mut watch = Group::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let log = workspace.dev_folder()?.join("functions.log");
    let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let reloads = show(watch.lines(), log, terminal.clone());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if began.elapsed() > PATIENCE {
            bail!("cargo lambda watch did not listen on port {port} within {PATIENCE:?}");
        }
        if let Ok(status) = tokio::time::timeout(Duration::from_millis(50), watch.ended()).await {
            bail!(
                "cargo lambda watch ended ({}); its output: target/dev/functions.log",
                status?
            );
        }
    }
    Ok((watch, reloads))
}

/// Never `--timeout`: it would also end the functions' own waiting for work, for good.
fn command(
    workspace: &Workspace,
    cargo_lambda: &Path,
    settings: &Settings,
    run: &Run,
) -> anyhow::Result<Command> {
    let mut command = Command::new(cargo_lambda);
    command.args([
        "lambda",
        "watch",
        "--invoke-address",
        "127.0.0.1",
        "--invoke-port",
    ]);
    command.arg(settings.ports()?.api.to_string());
    command
        .arg("--concurrency")
        .arg(run.concurrency.to_string());
    if run.no_reload {
        command.arg("--ignore-changes");
    }
    command.current_dir(&workspace.root).envs(settings.pairs());
    cargo::forget_cargo(&mut command);
    let (name, value) = children::mark(&workspace.root);
    command.env(name, value).env("CARGO_TERM_QUIET", "true");
    // Its own log tells when it reloads, and nothing else that is worth reading.
    command.env("RUST_LOG", "error,watchexec=info");
    Ok(command)
}

/// Shows and keeps what functions print, and counts reloads.
fn show(mut lines: Receiver<String>, mut log: File, terminal: Terminal) -> Reloads {
    let (count, reloads) = watch::channel(0);
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            if is_reload(&line) {
                count.send_modify(|count| *count += 1);
            }
            if !is_noise(&line) {
                // A full disk shall not stop the functions' output from being read.
                let _ = writeln!(log, "{line}");
                terminal.line(&line);
            }
        }
    });
    reloads
}

/// What watchexec, which cargo-lambda 1.9 reloads with, says of each function that it restarts.
fn is_reload(line: &str) -> bool {
    line.contains("outcome resolved outcome=Both(Stop")
}

/// What is printed at each start of each function, or by the watcher, and helps nobody.
fn is_noise(line: &str) -> bool {
    const NOISE: [&str; 10] = [
        "Running `",
        "Finished `",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "action constructed action=",
        "outcome resolved outcome=",
        "process group spawned",
        // Said at each reload by watchexec, of the process that it has just ended.
        "waiting on process",
        "command killed code=",
        "Shutdown timed out!",
        "Subsystem cancelled",
    ];
    line.trim().is_empty() || NOISE.iter().any(|noise| line.contains(noise))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_is_told_from_a_first_start_and_neither_is_shown() {
        let reload = " INFO outcome resolved outcome=Both(Stop, Start)";
        let start = " INFO outcome resolved outcome=Start";
        assert!(is_reload(reload) && !is_reload(start));
        assert!(is_noise(reload) && is_noise(start));
        assert!(!is_noise(r#"{"level":"INFO","message":"order placed"}"#));
    }
}
