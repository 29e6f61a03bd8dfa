//! The functions' release builds, driven as Lambda does it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cache::{Cache, CacheSettings};
use runtime_api::{Function, Request};
use services::Reporter as _;

use super::databases::Catalogue;
use super::median;
use super::usecases::Asked;
use crate::cargo;
use crate::environment::Settings;
use crate::terminal::{Step, Terminal};
use crate::workspace::Workspace;

const PACKAGE: &str = "catalog-functions";
/// Invocations in a row that answer with a copy: one takes too little to be measured alone.
const IN_A_ROW: u32 = 40;

/// What a question costs a function at one size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invocation {
    /// On a processor, in the function.
    pub(super) work: Duration,
    pub(super) wall: Duration,
}

/// A question and what it cost, by size.
#[derive(Debug)]
pub(super) struct Invoked {
    pub(super) name: &'static str,
    pub(super) is_list: bool,
    pub(super) fresh: Vec<Invocation>,
    pub(super) copied: Vec<Invocation>,
}

/// The folder of the release builds of what this bench drives, and of nothing else.
pub(super) async fn build(workspace: &Workspace, terminal: &Terminal) -> anyhow::Result<PathBuf> {
    let step = terminal.step("Release build of the catalogue's functions");
    let mut build = cargo::command(&workspace.root);
    build.args(["build", "--release", "--package", PACKAGE]);
    for route in Route::ALL {
        build.args(["--bin", route.function()]);
    }
    cargo::compile(build, &step).await?;
    step.done();
    let metadata = workspace.metadata()?;
    Ok(metadata.target_directory.join("release").into())
}

pub(super) async fn ask(
    settings: &Settings,
    databases: &[Catalogue],
    asked: &[Asked],
    programs: PathBuf,
    rounds: u32,
    step: &Step,
) -> anyhow::Result<Vec<Invoked>> {
    let sites: Vec<Site> = databases
        .iter()
        .map(|database| Site::open(settings, database, &programs))
        .collect::<anyhow::Result<_>>()?;
    let mut invoked = Vec::new();
    for asked in asked {
        let Some(targets) = targets(asked) else {
            continue;
        };
        step.detail(asked.question.name);
        invoked.push(ask_all(&sites, asked.question.name, &targets, rounds).await?);
    }
    Ok(invoked)
}

/// The addresses by size; `None` for what no function answers by itself, or not in time.
fn targets(asked: &Asked) -> Option<Vec<String>> {
    let target = asked.question.target.as_ref()?;
    let answered = asked.costs.iter().all(Result::is_ok);
    let with = |cursor: &Option<String>| match cursor {
        Some(cursor) => format!("{target}&cursor={cursor}"),
        None => target.clone(),
    };
    answered.then(|| asked.cursors.iter().map(with).collect())
}

async fn ask_all(
    sites: &[Site],
    name: &'static str,
    targets: &[String],
    rounds: u32,
) -> anyhow::Result<Invoked> {
    let mut fresh = vec![Vec::new(); sites.len()];
    let mut copied = vec![Vec::new(); sites.len()];
    for round in 0..=rounds {
        for (index, (site, target)) in sites.iter().zip(targets).enumerate() {
            let invocations = site.ask(target).await.with_context(|| name.to_owned())?;
            // The first round warms up.
            if round > 0 {
                fresh[index].push(invocations.0);
                copied[index].push(invocations.1);
            }
        }
    }
    let medians = |of: &[Vec<Invocation>]| of.iter().map(|all| middle(all)).collect();
    Ok(Invoked {
        name,
        is_list: Route::of(&targets[0]) == Route::Products,
        fresh: medians(&fresh),
        copied: medians(&copied),
    })
}

fn middle(all: &[Invocation]) -> Invocation {
    let of = |part: fn(&Invocation) -> Duration| {
        median(&all.iter().map(part).collect::<Vec<_>>()).unwrap_or_default()
    };
    Invocation {
        work: of(|invocation| invocation.work),
        wall: of(|invocation| invocation.wall),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Products,
    Product,
    Categories,
}

impl Route {
    const ALL: [Self; 3] = [Self::Products, Self::Product, Self::Categories];

    const fn function(self) -> &'static str {
        match self {
            Self::Products => "list-products",
            Self::Product => "get-product",
            Self::Categories => "list-categories",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Products => "/api/products",
            Self::Product => "/api/products/{slug}",
            Self::Categories => "/api/categories",
        }
    }

    fn of(target: &str) -> Self {
        if target.starts_with("/api/categories") {
            Self::Categories
        } else if target.starts_with("/api/products/") {
            Self::Product
        } else {
            Self::Products
        }
    }
}

/// One catalogue's functions, with copies under keys of its own.
struct Site {
    cache: Cache,
    functions: Vec<(Route, Function)>,
}

impl Site {
    fn open(
        settings: &Settings,
        database: &Catalogue,
        programs: &std::path::Path,
    ) -> anyhow::Result<Self> {
        let prefix = database.name.clone();
        let cache = settings.read(CacheSettings::read)?;
        let cache = CacheSettings {
            prefix: prefix.clone(),
            ..cache
        };
        let mut env: Vec<(String, String)> = settings
            .pairs()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        env.retain(|(name, _)| name != "DATABASE_URL" && name != "REDIS_PREFIX");
        env.push(("DATABASE_URL".to_owned(), database.url.clone()));
        env.push(("REDIS_PREFIX".to_owned(), prefix));
        let start = |route: Route| {
            (
                route,
                Function::spawn(programs.join(route.function()), &env),
            )
        };
        Ok(Self {
            cache: Cache::lazy(&cache),
            functions: Route::ALL.map(start).into(),
        })
    }

    /// What an invocation costs without a copy, and each of many with one.
    async fn ask(&self, target: &str) -> anyhow::Result<(Invocation, Invocation)> {
        ensure!(
            self.cache.new_catalogue_generation().await,
            "Redis does not answer"
        );
        let fresh = self.invoke(target, 1).await?;
        let copied = self.invoke(target, IN_A_ROW).await?;
        Ok((fresh, copied))
    }

    async fn invoke(&self, target: &str, times: u32) -> anyhow::Result<Invocation> {
        let route = Route::of(target);
        let known = self.functions.iter().find(|(known, _)| *known == route);
        let (_, function) = known.context("no such function")?;
        let (worked, mut wall) = (function.cpu_time(), Duration::ZERO);
        for _ in 0..times {
            let request = Request::get(target).route(route.path());
            let began = Instant::now();
            let response = function.send(request).await;
            wall += began.elapsed();
            ensure!(
                response.status == 200,
                "{target} answers {}",
                response.status
            );
        }
        let work = function.cpu_time().saturating_sub(worked);
        Ok(Invocation {
            work: work / times,
            wall: wall / times,
        })
    }
}
