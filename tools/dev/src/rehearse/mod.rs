//! `cargo dev rehearse-deploy`: a former version of the shop is deployed over by this one, under load.

mod former;
mod git;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use rehearsal::{Plan, Report, Scene, Servers, Version, rehearse};

use crate::cargo;
use crate::cli::Run;
use crate::environment::Settings;
use crate::seed;
use crate::shop::{asked_to_end, services_only};
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// How a deployment is rehearsed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Rehearse {
    /// Version N: any revision that git knows [default: the commit before migrations/ last changed,
    /// or before the change before, until one compiles]
    #[arg(long, value_name = "REVISION")]
    from: Option<String>,
    /// How long each phase lasts
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How many customers there are at once
    #[arg(long, default_value_t = 6, value_name = "N")]
    customers: usize,
    /// How many instances each function of each version may have
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    instances: u16,
    /// What customers do and in which order functions move [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// How long the shop may take to come to rest after the last customer has left.
const REST: Duration = Duration::from_secs(180);

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    order: &Rehearse,
) -> anyhow::Result<ExitCode> {
    let folder = workspace.root.join("target/rehearsal");
    let _alone = only_one(&folder)?;
    let revisions = former::choose(workspace, order.from.as_deref()).await?;
    let versions = tokio::select! {
        versions = versions(workspace, terminal, revisions, &folder) => versions,
        asked = asked_to_end() => Err(broken_off(asked)),
    };
    former::clean_up(workspace).await;
    let (former, next) = versions?;
    let settings = Settings::load(workspace)?;
    let services = services_only(&settings, terminal, options).await?;
    let outcome = on_a_scene(terminal, &settings, &plan(order, &folder), &former, &next).await;
    services.stop(terminal).await?;
    let report = outcome?;
    print!("{report}");
    Ok(if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Both versions, built and copied to where no other build changes them.
async fn versions(
    workspace: &Workspace,
    terminal: &Terminal,
    revisions: Vec<former::Revision>,
    folder: &Path,
) -> anyhow::Result<(Version, Version)> {
    let former = former::built(workspace, terminal, revisions, folder).await?;
    let step = terminal.step("Building N+1");
    cargo::build_programs(&workspace.root, &step).await?;
    step.done();
    let binaries = workspace.metadata()?.target_directory.join("debug");
    let next = Version::of_tree(&workspace.root, binaries.as_std_path())?;
    let kept = folder.join("next");
    // What an earlier run has kept; it may as well not be there.
    let _ = fs::remove_dir_all(&kept);
    Ok((former, next.keep(&workspace.root, &kept)?))
}

fn plan(order: &Rehearse, folder: &Path) -> Plan {
    // The last digits of a fresh UUID: any number will do, as long as it is told.
    let seed = order
        .seed
        .unwrap_or_else(|| u64::from(uuid::Uuid::new_v4().as_fields().0));
    Plan {
        seed,
        phase: Duration::from_secs(order.seconds),
        customers: order.customers,
        instances: usize::from(order.instances),
        rest: REST,
        logs: Some(folder.join("functions.log")),
    }
}

async fn on_a_scene(
    terminal: &Terminal,
    settings: &Settings,
    plan: &Plan,
    former: &Version,
    next: &Version,
) -> anyhow::Result<Report> {
    let pairs = settings
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let servers = Servers::read(pairs.collect())?;
    let scene = Scene::set(&servers).await?;
    terminal.line(&format!(
        "Seed {}; each phase lasts {} s; what functions print: target/rehearsal/functions.log",
        plan.seed,
        plan.phase.as_secs()
    ));
    let pictures = seed::pictures(settings)?;
    let stock = async |url: &str| {
        let added = seed::fill_at(url, &pictures, seed::DEFAULT_PRODUCTS, terminal).await?;
        terminal.line(&format!("{added} products in the catalogue."));
        Ok(())
    };
    let say = |line: &str| terminal.line(line);
    let outcome = tokio::select! {
        outcome = rehearse(&scene, plan, former, next, stock, &say) => outcome,
        asked = asked_to_end() => Err(broken_off(asked)),
    };
    let struck = scene.strike().await;
    let report = outcome?;
    struck?;
    Ok(report)
}

fn broken_off(asked: anyhow::Result<()>) -> anyhow::Error {
    asked.err().unwrap_or_else(|| {
        anyhow::anyhow!("broken off; everything that was started has been ended")
    })
}

/// One rehearsal of a work tree at a time: they share its folder. The system frees the place whatever
/// becomes of us.
fn only_one(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path: PathBuf = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another rehearsal runs in this work tree"),
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock target/rehearsal/lock"),
    }
}
