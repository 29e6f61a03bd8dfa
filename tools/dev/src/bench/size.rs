//! `cargo dev bench size`: each function's release build against the targets of quality.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use package::{Archive, budget, mebibytes};
use services::Reporter as _;

use crate::cargo;
use crate::environment::Settings;
use crate::package::packages;
use crate::terminal::Terminal;
use crate::workspace::{Function, Workspace};

const STARTS: usize = 21;
const MEBIBYTE: u64 = 1024 * 1024;
const SLOWEST_START: Duration = Duration::from_millis(5);
const LARGEST_MEMORY: u64 = 20 * MEBIBYTE;

/// What was measured of one function. Bytes.
struct Measured {
    name: String,
    zip_target: u64,
    program: u64,
    zip: u64,
    start: Duration,
    memory: u64,
}

pub(crate) async fn run(workspace: &Workspace, terminal: &Terminal) -> anyhow::Result<()> {
    let metadata = workspace.metadata()?;
    let functions = workspace.deployed(&metadata);
    let step = terminal.step("Release build of all functions");
    let mut build = cargo::command(&workspace.root);
    build.args(["build", "--release", "--bins"]);
    for package in packages(&functions) {
        build.args(["--package", package]);
    }
    cargo::compile(build, &step).await?;
    step.done();
    let settings = Settings::load(workspace)?;
    let env: Vec<(String, String)> = settings
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut table = Vec::new();
    let step = terminal.step("Measuring");
    for function in &functions {
        step.detail(&function.name);
        let program = metadata
            .target_directory
            .join("release")
            .join(&function.name);
        table.push(measure(function, program.as_std_path(), &env).await?);
    }
    step.done();
    print!("{}", rendered(&table));
    ensure!(
        table.iter().all(Measured::fits),
        "not every function is as small as it must be"
    );
    Ok(())
}

async fn measure(
    function: &Function,
    program: &Path,
    env: &[(String, String)],
) -> anyhow::Result<Measured> {
    let mut starts = Vec::new();
    let mut memory = 0;
    for _ in 0..STARTS {
        let (start, resident) = start(program.to_owned(), env.to_owned())
            .await
            .with_context(|| format!("{} does not start", function.name))?;
        starts.push(start);
        memory = memory.max(resident);
    }
    starts.sort_unstable();
    Ok(Measured {
        name: function.name.clone(),
        zip_target: budget(&function.package, &function.name),
        program: fs::metadata(program)?.len(),
        zip: zipped(program)?,
        start: starts[STARTS / 2],
        memory,
    })
}

/// From spawn to the first question for work, and the memory then. In a task of its own, because
/// the harness is made for tests and panics when a function fails.
async fn start(program: PathBuf, env: Vec<(String, String)>) -> anyhow::Result<(Duration, u64)> {
    let started = tokio::spawn(async move {
        let function = runtime_api::Function::spawn(program, &env);
        let ready = function.ready_time().await;
        (ready, function.resident_memory())
    });
    started.await.context("it ended or never asked for work")
}

/// The size of the archive that is deployed: one file, `bootstrap`, deflated.
fn zipped(program: &Path) -> anyhow::Result<u64> {
    let file = ("bootstrap".to_owned(), program.to_owned());
    Ok(Archive::of_files([file])?.size())
}

impl Measured {
    /// What is the same on every machine. Times are shown and marked, but on a machine that others
    /// share they decide nothing.
    fn fits(&self) -> bool {
        self.zip <= self.zip_target && self.memory <= LARGEST_MEMORY
    }

    fn verdict(&self) -> &'static str {
        match (self.fits(), self.start <= SLOWEST_START) {
            (false, _) => "TOO LARGE",
            (true, false) => "slow start",
            (true, true) => "",
        }
    }
}

fn rendered(table: &[Measured]) -> String {
    let mut text = format!(
        "{:<24} {:>10} {:>10} {:>8} {:>12} {:>12}\n",
        "function", "program", "zip", "target", "start (5 ms)", "RSS (20 MiB)"
    );
    for row in table {
        let line = format!(
            "{:<24} {:>10} {:>10} {:>8} {:>9} µs {:>12} {}\n",
            row.name,
            mebibytes(row.program),
            mebibytes(row.zip),
            mebibytes(row.zip_target),
            row.start.as_micros(),
            mebibytes(row.memory),
            row.verdict(),
        );
        text.push_str(&line);
    }
    text
}
