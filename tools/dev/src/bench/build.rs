//! `cargo dev bench build`: how long the build for Lambda takes.
//!
//! Works on a copy of the work tree, so that nobody's cache is hurt and no file that somebody edits
//! is touched.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use package::Architecture;
use tokio::process::Command;

use crate::package::Builder;
use crate::terminal::{Step, Terminal};
use crate::workspace::{Function, Workspace};

/// What is changed before a build, if anything: a file, and a line at its end.
struct Case {
    what: &'static str,
    change: Option<(&'static str, &'static str)>,
}

/// A change as it happens: something new that others could use, or that one function does.
const CASES: [Case; 4] = [
    Case {
        what: "all functions, from clean",
        change: None,
    },
    Case {
        what: "nothing changed",
        change: None,
    },
    Case {
        what: "after a change in the domain crate",
        change: Some((
            "shared/domain/src/lib.rs",
            "\n/// New.\npub const CHANGED: u8 = 1;\n",
        )),
    },
    Case {
        what: "after a change in one function",
        change: Some((
            "functions/orders/src/bin/get-order.rs",
            "\n#[expect(dead_code, reason = \"a change\")]\nconst CHANGED: u8 = 1;\n",
        )),
    },
];

/// What a build took.
struct Took {
    what: &'static str,
    wall: Duration,
    processor: Duration,
}

pub(crate) async fn run(workspace: &Workspace, terminal: &Terminal) -> anyhow::Result<()> {
    let functions = workspace.deployed(&workspace.metadata()?);
    let place = workspace.dev_folder()?.join("bench-build");
    remove(&place)?;
    let (source, target) = (place.join("source"), place.join("target"));
    copy(workspace, &source).await?;
    let step = terminal.step("Builds for Lambda, on a copy");
    let builder = Builder::prepare(workspace, &step).await?;
    let builder = builder.elsewhere(&source, &target);
    let mut table = Vec::new();
    for case in &CASES {
        table.push(build(case, &source, &builder, &functions, &step).await?);
    }
    step.done();
    print!("{}", rendered(&table, functions.len()));
    remove(&place)
}

async fn build(
    case: &Case,
    source: &Path,
    builder: &Builder,
    functions: &[Function],
    step: &Step,
) -> anyhow::Result<Took> {
    if let Some((file, line)) = case.change {
        let file = source.join(file);
        let text = fs::read_to_string(&file).context(case.what)?;
        fs::write(&file, text + line).context(case.what)?;
    }
    let (began, used) = (Instant::now(), processor_time()?);
    builder.build(functions, Architecture::X86_64, step).await?;
    Ok(Took {
        what: case.what,
        wall: began.elapsed(),
        processor: processor_time()?.saturating_sub(used),
    })
}

/// What all children that have ended, and theirs, spent on a processor: on a machine that others
/// use too, this says more than the clock.
fn processor_time() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let duration = |time: TimeVal| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
        let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

/// Copies what git knows or would add.
async fn copy(workspace: &Workspace, to: &Path) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root);
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let output = git.output().await.context("git cannot be started")?;
    ensure!(output.status.success(), "git ls-files failed");
    for name in output
        .stdout
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let name = PathBuf::from(String::from_utf8_lossy(name).into_owned());
        let (from, to) = (workspace.root.join(&name), to.join(&name));
        // One that was deleted and not yet committed.
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::copy(&from, &to).with_context(|| format!("copying {}", name.display()))?;
        }
    }
    Ok(())
}

fn remove(place: &Path) -> anyhow::Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("removing {}", place.display()))?;
    }
    Ok(())
}

fn rendered(table: &[Took], functions: usize) -> String {
    let mut text = format!("{functions} functions, release, for Lambda\n");
    let clean = table.first().map_or(Duration::ZERO, |took| took.processor);
    for took in table {
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:<36} {:>6.1?} s  processor {:>6.1?} s  {:>3} % of clean",
            took.what,
            took.wall.as_secs_f32(),
            took.processor.as_secs_f32(),
            percent(took.processor, clean),
        );
    }
    text
}

fn percent(part: Duration, whole: Duration) -> u128 {
    part.as_millis() * 100 / whole.as_millis().max(1)
}
