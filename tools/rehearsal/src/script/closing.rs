//! The end: customers leave, the books are checked.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::Stage;
use crate::report::Report;
use crate::rest;
use crate::scene::Scene;

impl Stage<'_> {
    /// The customers leave, everything comes to rest, and the books are checked.
    pub(super) async fn close(mut self) -> anyhow::Result<Report> {
        self.phase("the last orders");
        if let Some(crowd) = self.crowd.take() {
            crowd.leave().await;
        }
        let unpaid = rest::unpaid(&self.scene.database).await?;
        rest::let_time_run_out(&self.scene.database, &unpaid).await?;
        match rest::come_to_rest(self.scene, self.plan.rest).await {
            Ok(after) => self.note(format!(
                "at rest {:.1} s after the last customer left",
                after.as_secs_f32()
            )),
            Err(error) => self.problems.push(format!("{error:#}")),
        }
        let invariants = self.check_everything().await?;
        self.feeding.stop().await;
        Ok(Report {
            phases: self.scene.record.phases().split_off(1),
            worked: self.scene.provenance.counts(),
            notes: self.notes,
            invariants: Some(invariants),
            problems: self.problems,
        })
    }

    async fn check_everything(&mut self) -> anyhow::Result<invariants::Report> {
        let (scene, market) = (self.scene, Arc::clone(&self.market));
        let mut report = rest::check(scene, true).await?;
        let (privacy, told) = rest::check_privacy(scene, &market.memory).await?;
        report.rules.extend(privacy.rules);
        self.problems.extend(told);
        let (payers, wrong) = rest::check_receipts(scene, &market.memory).await?;
        self.note(format!(
            "{payers} customers saw their order paid; {} of them have exactly one receipt",
            payers - wrong.len()
        ));
        self.problems.extend(wrong);
        let (refusals, wrong) = rest::check_refusals(&scene.database, &market.memory).await?;
        self.note(format!(
            "{refusals} orders were refused for want of stock, {} while there was some",
            wrong.len()
        ));
        self.problems.extend(wrong);
        let (deliveries, refused) = scene.standins.deliveries().await?;
        self.note(format!(
            "{deliveries} webhooks were delivered, {} of them not taken at once",
            refused.len()
        ));
        self.problems.extend(
            refused
                .into_iter()
                .map(|refused| format!("a webhook was not taken: {refused}")),
        );
        self.note(functions(scene));
        Ok(report)
    }
}

/// How many instances were started, and what they complained of.
fn functions(scene: &Scene) -> String {
    let fleets = scene.traffic.fleets();
    let started: usize = fleets.iter().map(|(_, _, fleet)| fleet.started()).sum();
    let logged = |level: &str| {
        let mark = format!("\"level\":\"{level}\"");
        let logs = fleets.iter().flat_map(|(_, _, fleet)| fleet.logs());
        logs.filter(|line| line.contains(&mark)).count()
    };
    let (errors, warnings) = (logged("ERROR"), logged("WARN"));
    format!(
        "{started} instances of functions were started; they logged {errors} errors and {warnings} warnings"
    )
}

/// Everything that the functions have printed, each line behind its version and function.
pub(super) fn write_logs(scene: &Scene, file: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for (name, side, fleet) in scene.traffic.fleets() {
        for line in fleet.logs() {
            writeln!(out, "{side} {name} {line}")?;
        }
    }
    out.flush()
}
