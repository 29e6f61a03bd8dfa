//! The use-cases, asked over one connection for each size.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use catalog::{Cursor, Filters, PAGE_SIZES, ProductQuery, Sort};
use services::Reporter as _;
use sqlx::{Executor as _, PgConnection};

use super::databases::Catalogue;
use super::median;
use super::plan::{self, Plan};
use super::question::{Act, Question};
use crate::terminal::Step;

/// A page of a list, as customers ask for it.
const PAGE: i64 = 20;
/// The far page's number, from 1.
const FAR_PAGE: i64 = 10_000;
/// Before anything is measured: what is read lies in memory, and Postgres has settled on its plans.
const WARM_UP: u32 = 7;

/// What one question costs at one size.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    /// On a processor, in Postgres; the whole time where its process cannot be looked at.
    pub(super) work: Duration,
    pub(super) wall: Duration,
    pub(super) plan: Plan,
}

/// A question and what it cost, by size; or why it was not answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) costs: Vec<Result<Cost, String>>,
    /// Where the far page begins, by size.
    pub(super) cursors: Vec<Option<String>>,
}

/// A connection, and the server's process at its other end.
struct Seat {
    connection: PgConnection,
    statistics: PathBuf,
}

/// What is asked of one size: a list's page is found first.
enum Ready {
    List(Box<ProductQuery>),
    Facets(Box<ProductQuery>),
    Other(Act),
}

pub(super) async fn ask(
    databases: &[Catalogue],
    questions: &[Question],
    rounds: u32,
    step: &Step,
) -> anyhow::Result<Vec<Asked>> {
    let mut seats = Vec::new();
    for database in databases {
        seats.push(Seat::take(database).await?);
    }
    let mut asked = Vec::new();
    for question in questions {
        step.detail(question.name);
        asked.push(ask_all(&mut seats, question, rounds).await?);
    }
    Ok(asked)
}

async fn ask_all(seats: &mut [Seat], question: &Question, rounds: u32) -> anyhow::Result<Asked> {
    let (mut ready, mut cursors) = (Vec::new(), Vec::new());
    for seat in &mut *seats {
        let (act, cursor) = made_ready(&mut seat.connection, &question.act).await?;
        ready.push(act);
        cursors.push(cursor.map(|cursor| cursor.to_string()));
    }
    let mut failed: Vec<Option<String>> = vec![None; seats.len()];
    let mut times: Vec<(Vec<Duration>, Vec<Duration>)> = vec![Default::default(); seats.len()];
    for round in 0..WARM_UP + rounds {
        for (index, seat) in seats.iter_mut().enumerate() {
            if failed[index].is_some() {
                continue;
            }
            match seat.timed(&ready[index]).await {
                Ok((work, wall)) if round >= WARM_UP => {
                    times[index].0.push(work);
                    times[index].1.push(wall);
                }
                Ok(_) => {}
                Err(error) => failed[index] = Some(format!("{error:#}")),
            }
        }
    }
    let mut costs = Vec::new();
    for (index, seat) in seats.iter_mut().enumerate() {
        costs.push(match failed[index].take() {
            Some(error) => Err(error),
            None => Ok(Cost {
                work: median(&times[index].0).unwrap_or_default(),
                wall: median(&times[index].1).unwrap_or_default(),
                plan: seat.plan(&ready[index]).await?,
            }),
        });
    }
    Ok(Asked {
        question: question.clone(),
        costs,
        cursors,
    })
}

impl Seat {
    /// Postgres works each question by itself: what other processes do for one would not be counted.
    async fn take(database: &Catalogue) -> anyhow::Result<Self> {
        let mut connection = database.connect().await?;
        connection
            .execute("SET max_parallel_workers_per_gather = 0")
            .await?;
        let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut connection)
            .await?;
        Ok(Self {
            connection,
            statistics: format!("/proc/{process}/schedstat").into(),
        })
    }

    async fn timed(&mut self, ready: &Ready) -> anyhow::Result<(Duration, Duration)> {
        let (worked, began) = (self.worked(), Instant::now());
        answer(&mut self.connection, ready).await?;
        let wall = began.elapsed();
        let work = self.worked().zip(worked);
        let work = work.map(|(after, before)| after.saturating_sub(before));
        Ok((work.unwrap_or(wall), wall))
    }

    /// How long the server's process has been on a processor. `None` on another machine.
    fn worked(&self) -> Option<Duration> {
        let statistics = fs::read_to_string(&self.statistics).ok()?;
        let nanoseconds = statistics.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    async fn plan(&mut self, ready: &Ready) -> anyhow::Result<Plan> {
        self.connection
            .execute(plan::TOLD)
            .await
            .context("auto_explain")?;
        let told = plan::told_while(answer(&mut self.connection, ready)).await?;
        self.connection.execute(plan::TOLD_WITHIN_FUNCTIONS).await?;
        let within = plan::told_while(answer(&mut self.connection, ready)).await?;
        self.connection.execute(plan::TOLD_NO_MORE).await?;
        Plan::read(&told, &within)
    }
}

async fn made_ready(
    connection: &mut PgConnection,
    act: &Act,
) -> anyhow::Result<(Ready, Option<Cursor>)> {
    let (filters, sort, cursor) = match act {
        Act::List(filters, sort) => (filters, sort, None),
        Act::FarPage(filters, sort) => (filters, sort, walked(connection, filters, *sort).await?),
        Act::Facets(filters) => {
            let query = ProductQuery::new(filters.clone(), None, PAGE, None)?;
            return Ok((Ready::Facets(Box::new(query)), None));
        }
        Act::Product(_) | Act::Tree => return Ok((Ready::Other(act.clone()), None)),
    };
    let query = ProductQuery::new(filters.clone(), *sort, PAGE, cursor.clone())?;
    Ok((Ready::List(Box::new(query)), cursor))
}

/// Where the far page begins, reached by the largest pages; the last that there is if it is nearer.
async fn walked(
    connection: &mut PgConnection,
    filters: &Filters,
    sort: Option<Sort>,
) -> anyhow::Result<Option<Cursor>> {
    let mut cursor = None;
    let mut before = (FAR_PAGE - 1) * PAGE;
    while before > 0 {
        let stride = before.min(*PAGE_SIZES.end());
        let query = ProductQuery::new(filters.clone(), sort, stride, cursor.clone())?;
        let scope = catalog::scope(connection, &query).await?;
        let page = catalog::list_products(connection, &query, &scope).await?;
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
        before -= stride;
    }
    Ok(cursor)
}

async fn answer(connection: &mut PgConnection, ready: &Ready) -> anyhow::Result<()> {
    match ready {
        Ready::List(query) => {
            let scope = catalog::scope(connection, query).await?;
            let page = catalog::list_products(connection, query, &scope).await?;
            anyhow::ensure!(!page.items.is_empty(), "the page is empty");
        }
        Ready::Facets(query) => {
            let scope = catalog::scope(connection, query).await?;
            drop(catalog::facets(connection, query.filters(), &scope).await?);
        }
        Ready::Other(Act::Product(slug)) => drop(catalog::find_product(connection, slug).await?),
        Ready::Other(_) => drop(catalog::category_tree(connection).await?),
    }
    Ok(())
}
