//! `cargo lambda watch`: the functions behind an address that imitates API Gateway and Lambda.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::children::Group;
use crate::cli::Run;
use crate::environment::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::{cargo, children};

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it and waits until it listens. The functions themselves start with their first request.
pub(crate) async fn watch(
    workspace: &Workspace,
    terminal: &Terminal,
    cargo_lambda: &Path,
    settings: &Settings,
    run: &Run,
) -> anyhow::Result<Group> {
    let port = settings.ports()?.api;
    let mut command = command(workspace, cargo_lambda, settings, run)?;
    let mut watch = Group::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let log = workspace.dev_folder()?.join("functions.log");
    let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    show(watch.lines(), log, terminal.clone());
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
    Ok(watch)
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
    Ok(command)
}

fn show(mut lines: tokio::sync::mpsc::Receiver<String>, mut log: File, terminal: Terminal) {
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            // A full disk shall not stop the functions' output from being read.
            let _ = writeln!(log, "{line}");
            if !is_noise(&line) {
                terminal.line(&line);
            }
        }
    });
}

/// What is printed at each start of each function, and helps nobody.
fn is_noise(line: &str) -> bool {
    const NOISE: [&str; 4] = [
        "Running `",
        "Finished `",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "starting lambda function",
    ];
    line.trim().is_empty() || NOISE.iter().any(|noise| line.contains(noise))
}
