//! `cargo dev test`.

use std::ffi::OsString;
use std::process::{ExitCode, Stdio};

use services::Reporter as _;

use crate::cargo;
use crate::cli::Run;
use crate::environment::Settings;
use crate::python::{self, CARGO_LAMBDA};
use crate::shop::{asked_to_end, services_only};
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Runs the tests with the services' addresses in their environment; answers cargo's verdict.
pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    args: &[String],
) -> anyhow::Result<ExitCode> {
    let passed = run_with(workspace, terminal, options, args, &[]).await?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The same with more in their environment; answers whether they passed.
pub(crate) async fn run_with(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    args: &[String],
    more: &[(&str, OsString)],
) -> anyhow::Result<bool> {
    let settings = Settings::load(workspace)?;
    let services = services_only(&settings, terminal, options).await?;
    let outcome = tokio::select! {
        outcome = test(workspace, terminal, &settings, args, more) => outcome,
        asked = asked_to_end() => asked.map(|()| false),
    };
    services.stop(terminal).await?;
    outcome
}

async fn test(
    workspace: &Workspace,
    terminal: &Terminal,
    settings: &Settings,
    args: &[String],
    more: &[(&str, OsString)],
) -> anyhow::Result<bool> {
    let step = terminal.step("cargo-lambda");
    let cargo_lambda = python::ensure(&CARGO_LAMBDA, &workspace.dev_folder()?, &step).await?;
    step.done();
    // The journeys run every function; a chosen few tests build what they need by themselves.
    if args.is_empty() {
        let step = terminal.step("Building the functions");
        cargo::build_programs(&workspace.root, &step).await?;
        step.done();
    }
    terminal.say("Running cargo test.");
    let mut command = cargo::command(&workspace.root);
    if args.is_empty() {
        command.args(["test", "--workspace"]);
    } else {
        command.arg("test").args(args);
    }
    command
        .envs(settings.pairs())
        .envs(more.iter().map(|(name, value)| (name, value)))
        .env("CARGO_LAMBDA", cargo_lambda);
    // In our own process group: cargo's progress and colours want the terminal.
    let status = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await?;
    Ok(status.success())
}
