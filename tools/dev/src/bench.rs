//! `cargo dev bench size`: each function's release build against the targets of quality.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use cargo_metadata::{Metadata, TargetKind};
use runtime_api::Function;
use services::Reporter as _;
use tokio::process::Command;

use crate::cargo;
use crate::environment::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

const STARTS: usize = 21;
const MEBIBYTE: u64 = 1024 * 1024;
const LARGEST_READ_ZIP: u64 = 3 * MEBIBYTE;
const LARGEST_ZIP: u64 = 5 * MEBIBYTE;
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
    let functions = functions(workspace, &metadata);
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

/// A function and the package that it is in.
struct Named {
    name: String,
    package: String,
}

fn functions(workspace: &Workspace, metadata: &Metadata) -> Vec<Named> {
    let names = workspace.functions(metadata);
    let packages = metadata.workspace_packages();
    let package_of = |name: &str| {
        let owner = packages.iter().find(|package| {
            let mut targets = package.targets.iter();
            targets.any(|target| target.name == name && target.kind.contains(&TargetKind::Bin))
        });
        owner.map(|package| package.name.to_string())
    };
    names
        .into_iter()
        .filter_map(|name| package_of(&name).map(|package| Named { name, package }))
        .collect()
}

fn packages(functions: &[Named]) -> Vec<&str> {
    let mut packages: Vec<&str> = functions.iter().map(|f| f.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

async fn measure(
    function: &Named,
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
        zip_target: if function.package == "catalog-functions" {
            LARGEST_READ_ZIP
        } else {
            LARGEST_ZIP
        },
        program: fs::metadata(program)?.len(),
        zip: zipped(program).await?,
        start: starts[STARTS / 2],
        memory,
    })
}

/// From spawn to the first question for work, and the memory then. In a task of its own, because
/// the harness is made for tests and panics when a function fails.
async fn start(program: PathBuf, env: Vec<(String, String)>) -> anyhow::Result<(Duration, u64)> {
    let started = tokio::spawn(async move {
        let function = Function::spawn(program, &env);
        let ready = function.ready_time().await;
        (ready, function.resident_memory())
    });
    started.await.context("it ended or never asked for work")
}

/// The size of the archive that is deployed: one file, `bootstrap`, deflated.
async fn zipped(program: &Path) -> anyhow::Result<u64> {
    const SCRIPT: &str = "import sys, zipfile, io\n\
        archive = io.BytesIO()\n\
        with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z: \
        z.write(sys.argv[1], 'bootstrap')\n\
        print(len(archive.getvalue()))";
    let mut python = Command::new("python3");
    python
        .args(["-c", SCRIPT])
        .arg(program)
        .stdin(Stdio::null());
    let output = python.output().await.context("python3 cannot be started")?;
    if !output.status.success() {
        bail!("python3 could not zip {}", program.display());
    }
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("python3's answer")
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

fn mebibytes(bytes: u64) -> String {
    let hundredths = bytes * 100 / MEBIBYTE;
    format!("{}.{:02} MiB", hundredths / 100, hundredths % 100)
}
