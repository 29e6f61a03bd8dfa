//! The rehearsal itself, act by act.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use fastrand::Rng;

use crate::deploy;
use crate::environment::{HOOKS, Logins, fleets};
use crate::feeding::Feeding;
use crate::load::{Client, Crowd, Market, Memory};
use crate::report::Report;
use crate::rest;
use crate::scene::Scene;
use crate::traffic::Freezing;
use crate::version::{Side, Version};

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

/// How often abandoned orders are looked for.
const LOOK: Duration = Duration::from_millis(250);

/// Plays a deployment of `next` over `former` on a scene, with a catalogue that `stock` puts into the
/// database of the address it is given. A request that fails and a rule that is broken are in the
/// report.
///
/// # Errors
/// Where the rehearsal itself cannot go on: N does not start, the catalogue is refused, a function
/// never finishes.
pub async fn rehearse(
    scene: &Scene,
    plan: &Plan,
    former: &Version,
    next: &Version,
    stock: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
    say: &dyn Fn(&str),
) -> anyhow::Result<Report> {
    let mut stage = Stage::open(scene, plan, former, stock, say).await?;
    let played = stage.play(next).await;
    let report = match played {
        Ok(()) => stage.close().await,
        Err(error) => Err(error),
    };
    if let Some(file) = &plan.logs {
        write_logs(scene, file).with_context(|| format!("cannot write {}", file.display()))?;
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
    notes: Vec<String>,
    problems: Vec<String>,
}

impl<'a> Stage<'a> {
    /// N as it is deployed: its own schema, its own queues, a catalogue.
    async fn open(
        scene: &'a Scene,
        plan: &'a Plan,
        former: &Version,
        stock: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
        say: &'a dyn Fn(&str),
    ) -> anyhow::Result<Self> {
        let instances = fleets(scene, former, Logins::Owner, plan.instances)?;
        scene
            .traffic
            .deploy(Side::Former, instances, former.routes.clone());
        let (schema, took) = deploy::migrate(scene, Side::Former)
            .await
            .context("N's migrate")?;
        let logins = deploy::logins(&scene.database).await?;
        let instances = fleets(scene, former, logins, plan.instances)?;
        scene
            .traffic
            .deploy(Side::Former, instances, former.routes.clone());
        say(&format!(
            "N: schema {schema} by its own migrate ({:.1} s), queues by its declare-queues.",
            took.as_secs_f32()
        ));
        deploy::declare(scene, Side::Former)
            .await
            .context("N's declare-queues")?;
        stock(&scene.database.url())
            .await
            .context("the catalogue, on N's schema")?;
        let record = Arc::clone(&scene.record);
        let market = Arc::new(Market {
            client: Client::new(scene.front.url(), Arc::clone(&record))?,
            memory: Memory::default(),
            record,
            traffic: Arc::clone(&scene.traffic),
            storefront: format!("{}/storefront", scene.standins.url()),
        });
        let mut feeding = Feeding::of(&scene.front.url())?;
        feeding.feed(&scene.vhost.settings, &scene.traffic);
        Ok(Self {
            scene,
            plan,
            say,
            rng: Rng::with_seed(plan.seed),
            market,
            crowd: None,
            feeding,
            _freezing: Freezing::begin(&scene.traffic),
            notes: vec![format!(
                "N's schema is {schema}; its functions are {logins}"
            )],
            problems: Vec::new(),
        })
    }

    async fn play(&mut self, next: &Version) -> anyhow::Result<()> {
        self.crowd = Some(Crowd::enter(
            &self.market,
            self.plan.customers,
            self.plan.seed,
        ));
        self.phase("N serves");
        self.hold().await?;
        self.phase("N+1's hooks run, N serves");
        self.run_hooks(next).await?;
        self.hold().await?;
        self.phase("to N+1, one by one");
        self.move_one_by_one(Side::Next).await?;
        self.phase("N+1 serves");
        self.hold().await?;
        self.phase("back to N, one by one");
        self.move_one_by_one(Side::Former).await?;
        self.roll_back_hooks().await;
        self.phase("N serves, on N+1's schema");
        self.hold().await?;
        self.phase("to N+1, all at once");
        self.move_all(Side::Next).await?;
        self.hold().await
    }

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

    /// Migrations that fail, wait, apply, and have been applied; then queues, then N+1 as a whole.
    async fn run_hooks(&mut self, next: &Version) -> anyhow::Result<()> {
        let scene = self.scene;
        let instances = fleets(scene, next, Logins::Owner, self.plan.instances)?;
        scene
            .traffic
            .deploy(Side::Next, instances, next.routes.clone());
        let failed = deploy::a_migration_that_fails(scene).await;
        self.note_or_blame("a migration that fails", failed);
        let waited = deploy::a_reader_in_the_way(scene).await;
        self.note_or_blame("a reader in migrate's way", waited);
        let (schema, took) = deploy::migrate(scene, Side::Next)
            .await
            .context("N+1's migrate")?;
        let (again, _) = deploy::migrate(scene, Side::Next)
            .await
            .context("N+1's migrate, again")?;
        ensure!(
            schema == again,
            "a second run of migrate changed the schema from {schema} to {again}"
        );
        deploy::declare(scene, Side::Next)
            .await
            .context("N+1's declare-queues")?;
        deploy::declare(scene, Side::Next)
            .await
            .context("N+1's declare-queues, again")?;
        let logins = deploy::logins(&scene.database).await?;
        self.note(format!(
            "N+1's schema is {schema}, applied under load in {:.1} s; a second run changes nothing; its functions are {logins}",
            took.as_secs_f32()
        ));
        let instances = fleets(scene, next, logins, self.plan.instances)?;
        scene
            .traffic
            .deploy(Side::Next, instances, next.routes.clone());
        self.feeding.feed(&scene.vhost.settings, &scene.traffic);
        Ok(())
    }

    /// Each function's traffic by itself, in an order that the seed gives.
    async fn move_one_by_one(&mut self, to: Side) -> anyhow::Result<()> {
        let functions = self.shuffled();
        let pause = self.plan.phase / u32::try_from(functions.len().max(1)).unwrap_or(1);
        let mut longest = (Duration::ZERO, String::new());
        for function in &functions {
            let drained = self.scene.traffic.shift(function, to).await?;
            longest = longest.max((drained, function.clone()));
            tokio::time::sleep(pause).await;
        }
        let (drained, slowest) = longest;
        self.note(format!(
            "to {to}: {}; requests in flight finished where they were, the longest after {} ms ({slowest})",
            functions.join(", "),
            drained.as_millis()
        ));
        self.check_books().await
    }

    /// A deployment that is rolled back runs the former version's hooks again.
    async fn roll_back_hooks(&mut self) {
        let note = match deploy::migrate(self.scene, Side::Former).await {
            Ok((schema, _)) => format!("rolled back, N's own migrate leaves schema {schema} alone"),
            Err(error) => format!(
                "NOT WELL: rolled back, N's own migrate fails: {}",
                deploy::reason(&error)
            ),
        };
        self.note(note);
    }

    async fn move_all(&mut self, to: Side) -> anyhow::Result<()> {
        let functions = self.shuffled();
        let moves = functions
            .iter()
            .map(|function| self.scene.traffic.shift(function, to));
        let drained = futures_util::future::try_join_all(moves).await?;
        let longest = drained.into_iter().max().unwrap_or_default();
        self.note(format!(
            "to {to}: {} functions at once, drained after {} ms",
            functions.len(),
            longest.as_millis()
        ));
        Ok(())
    }

    fn shuffled(&mut self) -> Vec<String> {
        let mut functions: Vec<String> = self.scene.traffic.movable().into_iter().collect();
        functions.retain(|function| !HOOKS.contains(&function.as_str()));
        self.rng.shuffle(&mut functions);
        functions
    }

    /// Lets the phase last, and time pass for what customers have abandoned.
    async fn hold(&mut self) -> anyhow::Result<()> {
        let ends = tokio::time::Instant::now() + self.plan.phase;
        while tokio::time::Instant::now() < ends {
            self.let_time_pass().await?;
            tokio::time::sleep(LOOK * 2).await;
        }
        self.check_books().await
    }

    async fn let_time_pass(&self) -> anyhow::Result<()> {
        let abandoned = self.market.memory.take_abandoned();
        if abandoned.is_empty() {
            return Ok(());
        }
        rest::let_time_run_out(&self.scene.database, &abandoned).await
    }

    /// What must hold at every moment.
    async fn check_books(&mut self) -> anyhow::Result<()> {
        let report = rest::check(self.scene, false).await?;
        let broken = report
            .rules
            .iter()
            .filter(|rule| !rule.violations.is_empty());
        let broken: Vec<String> = broken
            .map(|rule| format!("in motion: {}: {:?}", rule.statement, rule.violations))
            .collect();
        self.problems.extend(broken);
        Ok(())
    }

    /// The customers leave, everything comes to rest, and the books are checked.
    async fn close(mut self) -> anyhow::Result<Report> {
        self.phase("the last orders");
        if let Some(crowd) = self.crowd.take() {
            let leaving = crowd.leave();
            tokio::pin!(leaving);
            // Some of them wait for an order to expire.
            while tokio::time::timeout(LOOK, &mut leaving).await.is_err() {
                let abandoned = self.market.memory.take_abandoned();
                rest::let_time_run_out(&self.scene.database, &abandoned).await?;
            }
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
        let fleets = scene.traffic.fleets();
        let started: usize = fleets.iter().map(|(_, _, fleet)| fleet.started()).sum();
        let logged = |level: &str| {
            let mark = format!("\"level\":\"{level}\"");
            let logs = fleets.iter().flat_map(|(_, _, fleet)| fleet.logs());
            logs.filter(|line| line.contains(&mark)).count()
        };
        let (errors, warnings) = (logged("ERROR"), logged("WARN"));
        self.note(format!(
            "{started} instances of functions were started; they logged {errors} errors and {warnings} warnings"
        ));
        Ok(report)
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

fn write_logs(scene: &Scene, file: &std::path::Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    for (name, side, fleet) in scene.traffic.fleets() {
        for line in fleet.logs() {
            writeln!(out, "{side} {name} {line}")?;
        }
    }
    out.flush()
}
