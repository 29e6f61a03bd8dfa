//! Running cargo with progress.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use services::Reporter;
use tokio::process::Command;

use crate::children::Group;
use crate::terminal::Step;

/// A cargo that does not know that it was started by cargo. `cargo run` describes this program in
/// variables that build scripts watch (ring's does): passed on, they would rebuild half the tree
/// each time one changes between `cargo dev` and plain `cargo`.
pub(crate) fn command(root: &Path) -> Command {
    command_of(Path::new("cargo"), root)
}

/// The same for a program that starts cargo itself.
pub(crate) fn command_of(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    forget_cargo(&mut command);
    command
}

/// Where cargo keeps the sources of crates.
pub(crate) fn home() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is cargo's own, not a setting of the shop"
    )]
    let given = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// See [`command`]; for programs that start cargo themselves.
pub(crate) fn forget_cargo(command: &mut Command) {
    const OURS: [&str; 4] = [
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if OURS.iter().any(|ours| name.starts_with(ours)) || name == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(&*name);
        }
    }
}

/// Runs a cargo command that compiles, showing what it compiles. Its errors are shown in full.
pub(crate) async fn compile(command: Command, step: &Step) -> anyhow::Result<()> {
    if let Err(NotCompiled(told)) = compile_if_it_can(command, step).await? {
        step.say(&told);
        bail!("the code does not compile (see above)");
    }
    Ok(())
}

/// What the compiler told of code that does not compile.
pub(crate) struct NotCompiled(pub(crate) String);

/// [`compile`] for code that may not compile, which is then for the caller to tell.
pub(crate) async fn compile_if_it_can(
    mut command: Command,
    step: &Step,
) -> anyhow::Result<Result<(), NotCompiled>> {
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut cargo = Group::spawn(&mut command)?;
    let mut lines = cargo.lines();
    let mut compiled = 0;
    let mut rest = Vec::new();
    while let Some(line) = lines.recv().await {
        let word = line.split_whitespace().next().unwrap_or_default();
        match word {
            "Compiling" | "Checking" => {
                compiled += 1;
                step.detail(&format!("{compiled} crates so far; {}", line.trim()));
            }
            "Downloading" | "Downloaded" | "Updating" | "Locking" | "Blocking" => {
                step.detail(line.trim());
            }
            _ => rest.push(line),
        }
    }
    if cargo.ended().await?.success() {
        return Ok(Ok(()));
    }
    Ok(Err(NotCompiled(rest.join("\n"))))
}

/// Builds every program of the workspace. The whole workspace at once, because `cargo lambda watch`
/// lets cargo choose features over the whole workspace too: anything less would be built again.
pub(crate) async fn build_programs(root: &Path, step: &Step) -> anyhow::Result<()> {
    let mut build = command(root);
    build.args(["build", "--workspace", "--bins"]);
    compile(build, step).await.context("building the functions")
}
