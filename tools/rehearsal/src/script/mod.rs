//! The rehearsal itself, act by act.

mod acts;
mod closing;
mod opening;
mod passing;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use fastrand::Rng;

use crate::feeding::Feeding;
use crate::load::{Crowd, Market};
use crate::report::Report;
use crate::scene::Scene;
use crate::traffic::Freezing;
use crate::version::Version;
use passing::Passing;

/// How a rehearsal is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides what customers do and in which order functions move; the shop's own timing stays its
    /// own.
    pub seed: u64,
    /// How long each phase lasts at least.
    pub phase: Duration,
    /// How many customers there are at once.
    pub customers: usize,
    /// How many instances each function of each version may have.
    pub instances: usize,
    /// How long the shop may take to come to rest.
    pub rest: Duration,
    /// Where everything is written that the functions have printed.
    pub logs: Option<PathBuf>,
}

/// Plays a deployment of `next` over `former` on a scene, with a catalogue that `stock` puts into the
/// database of the address it is given. A request that fails, a rule that is broken and a deployment
/// that does not get through are in the report.
///
/// # Errors
/// Where there is nothing to report: N does not start, the catalogue is refused, a server has gone.
pub async fn rehearse(
    scene: &Scene,
    plan: &Plan,
    former: &Version,
    next: &Version,
    stock: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
    say: &dyn Fn(&str),
) -> anyhow::Result<Report> {
    let mut stage = Stage::open(scene, plan, former, stock, say).await?;
    if let Err(error) = stage.play(next).await {
        stage.problems.push(format!("{error:#}"));
    }
    let report = stage.close().await;
    if let Some(file) = &plan.logs {
        let written = closing::write_logs(scene, file);
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    report
}

struct Stage<'a> {
    scene: &'a Scene,
    plan: &'a Plan,
    say: &'a dyn Fn(&str),
    rng: Rng,
    market: Arc<Market>,
    crowd: Option<Crowd>,
    feeding: Feeding,
    _freezing: Freezing,
    _passing: Passing,
    notes: Vec<String>,
    problems: Vec<String>,
}

impl Stage<'_> {
    fn phase(&self, name: &str) {
        let failures = self.scene.record.failures();
        let so_far = if failures > 0 {
            format!(" ({failures} failures so far)")
        } else {
            String::new()
        };
        (self.say)(&format!("{name} …{so_far}"));
        self.scene.record.phase(name);
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn note_or_blame(&mut self, what: &str, seen: anyhow::Result<String>) {
        match seen {
            Ok(note) => self.note(note),
            Err(error) => self.problems.push(format!("{what}: {error:#}")),
        }
    }
}
