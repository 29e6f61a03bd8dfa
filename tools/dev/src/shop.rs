//! The whole shop: up in order, down in the reverse order, nothing left.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use services::{Means, Reporter as _, ServiceError};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::children::{self, Group};
use crate::cli::Run;
use crate::environment::Settings;
use crate::functions::Feeding;
use crate::python::{self, CARGO_LAMBDA};
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::{cargo, lambda, next_steps, prepare, seed, standins};

/// Who runs the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Functions {
    /// We do, with `cargo lambda watch`.
    Watched,
    /// The developer does.
    ByHand,
}

/// Runs the shop until Ctrl-C, SIGTERM, or the end of `cargo lambda watch`.
pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    functions: Functions,
) -> anyhow::Result<()> {
    let _alone = only_one(workspace)?;
    let settings = Settings::load(workspace)?;
    let mut shop = Shop {
        workspace,
        terminal,
        settings,
        parts: Parts::default(),
    };
    // Left behind by a former run that was killed; we hold the lock, so they serve nobody.
    children::end_marked(&workspace.root).await;
    let outcome = tokio::select! {
        outcome = shop.live(options, functions) => outcome,
        asked = asked_to_end() => asked,
    };
    shop.take_down().await;
    outcome
}

struct Shop<'a> {
    workspace: &'a Workspace,
    terminal: &'a Terminal,
    settings: Settings,
    parts: Parts,
}

/// Everything that runs, each noted here before the next is begun: whenever the start is broken
/// off, what has been started is known.
#[derive(Default)]
struct Parts {
    services: Option<JoinHandle<Result<services::Running, ServiceError>>>,
    running: Option<services::Running>,
    standins: Option<sandbox::Running>,
    feeding: Option<Feeding>,
    watch: Option<Group>,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.services.is_none() && self.running.is_none()
    }
}

impl Shop<'_> {
    async fn live(&mut self, options: &Run, functions: Functions) -> anyhow::Result<()> {
        self.require_ports(functions)?;
        let cargo_lambda = self.services_and_programs(options, functions).await?;
        self.fill(options).await?;
        self.parts.standins = Some(standins::start(self.workspace, &self.settings).await?);
        let mut reloads = None;
        if let Some(cargo_lambda) = cargo_lambda {
            let (workspace, settings) = (self.workspace, &self.settings);
            let watch = lambda::watch(workspace, self.terminal, &cargo_lambda, settings, options);
            let (watch, told) = watch.await?;
            self.parts.watch = Some(watch);
            reloads = Some(told);
        }
        let all = self.workspace.functions(&self.workspace.metadata()?);
        self.parts.feeding = Some(Feeding::start(&self.settings, &all, reloads)?);
        next_steps::print(self.terminal, &self.settings, functions).await?;
        self.until_watch_ends().await
    }

    fn require_ports(&self, functions: Functions) -> anyhow::Result<()> {
        let ports = self.settings.ports()?;
        if functions == Functions::Watched {
            services::require_free("The API", ports.api, "DEV_API_PORT")?;
        }
        services::require_free(
            "The stand-ins' web server",
            ports.sandbox,
            "DEV_SANDBOX_PORT",
        )?;
        Ok(services::require_free(
            "The stand-ins' mail server",
            ports.smtp,
            "DEV_SMTP_PORT",
        )?)
    }

    /// Services, cargo-lambda and the functions' build side by side.
    async fn services_and_programs(
        &mut self,
        options: &Run,
        functions: Functions,
    ) -> anyhow::Result<Option<PathBuf>> {
        let (settings, terminal) = (self.settings.clone(), self.terminal.clone());
        let compose = options.compose;
        // A thread of its own: it goes on to its end even if we are asked to stop meanwhile.
        self.parts.services = Some(tokio::task::spawn_blocking(move || {
            Handle::current().block_on(start_services(settings, terminal, compose))
        }));
        let cargo_lambda = match functions {
            Functions::Watched => {
                let (program, ()) = tokio::try_join!(self.cargo_lambda(), self.build())?;
                Some(program)
            }
            Functions::ByHand => None,
        };
        if let Some(services) = &mut self.parts.services {
            let running = services.await.context("starting the services")?;
            self.parts.services = None;
            self.parts.running = Some(running?);
        }
        Ok(cargo_lambda)
    }

    async fn cargo_lambda(&self) -> anyhow::Result<PathBuf> {
        let step = self.terminal.step("cargo-lambda");
        let program = python::ensure(&CARGO_LAMBDA, &self.workspace.dev_folder()?, &step).await?;
        step.done();
        Ok(program)
    }

    async fn build(&self) -> anyhow::Result<()> {
        let step = self.terminal.step("Building the functions");
        cargo::build_programs(&self.workspace.root, &step).await?;
        step.done();
        Ok(())
    }

    async fn fill(&self, options: &Run) -> anyhow::Result<()> {
        let step = self.terminal.step("Migrations, queues, catalogue");
        prepare::migrate_and_declare(&self.settings).await?;
        if !options.no_seed {
            let added = seed::fill(&self.settings, seed::DEFAULT_PRODUCTS, &step).await?;
            if added > 0 {
                step.say(&format!("{added} products were added to the catalogue."));
            }
        }
        step.done();
        Ok(())
    }

    async fn until_watch_ends(&mut self) -> anyhow::Result<()> {
        match &mut self.parts.watch {
            Some(watch) => {
                let status = watch.ended().await?;
                bail!(
                    "cargo lambda watch ended by itself ({status}); its output: target/dev/functions.log"
                )
            }
            None => std::future::pending().await,
        }
    }

    async fn take_down(self) {
        if self.parts.is_empty() {
            return;
        }
        let step = self.terminal.step("Stopping");
        if let Some(feeding) = self.parts.feeding {
            feeding.stop().await;
        }
        // Both at once: the emulator would wait for functions that wait for it.
        let watch = async {
            if let Some(watch) = self.parts.watch {
                watch.stop(Duration::from_secs(3)).await;
            }
        };
        tokio::join!(watch, children::end_marked(&self.workspace.root));
        if let Some(standins) = self.parts.standins {
            standins.stop().await;
        }
        let running = match self.parts.services {
            // Broken off half-way: what is being started is let finish, and then stopped.
            Some(starting) => starting.await.ok().and_then(Result::ok),
            None => self.parts.running,
        };
        if let Some(running) = running
            && let Err(error) = running.stop(&step).await
        {
            self.terminal.complain(&format!("cargo dev: {error}"));
        }
        step.done();
    }
}

async fn start_services(
    settings: Settings,
    terminal: Terminal,
    compose: bool,
) -> Result<services::Running, ServiceError> {
    let step = terminal.step("Postgres, Redis, RabbitMQ");
    let means = if compose {
        Means::Compose
    } else {
        Means::Programs
    };
    let running = services::start(settings.plan().clone(), means, &step).await?;
    step.done();
    Ok(running)
}

/// The services alone, for tests and for queries.
pub(crate) async fn services_only(
    settings: &Settings,
    terminal: &Terminal,
    options: &Run,
) -> Result<services::Running, ServiceError> {
    start_services(settings.clone(), terminal.clone(), options.compose).await
}

/// Resolves at Ctrl-C and SIGTERM. A second Ctrl-C while stopping changes nothing.
pub(crate) async fn asked_to_end() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Holds the work tree's one place for a running shop; the operating system frees it whatever
/// becomes of us.
fn only_one(workspace: &Workspace) -> anyhow::Result<File> {
    let path = workspace.dev_folder()?.join("shop.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            std::fs::write(&path, std::process::id().to_string())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let pid = std::fs::read_to_string(&path).unwrap_or_default();
            bail!("the shop runs already (process {pid}); stop that one first")
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock target/dev/shop.lock"),
    }
}
