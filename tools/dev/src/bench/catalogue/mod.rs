//! `cargo dev bench catalogue`: what reading the catalogue costs as it grows.
//!
//! Catalogues of several sizes, each in a database of its own, are asked the same questions in turn
//! within one run: only ratios taken side by side mean anything on a machine that others use too.
//! First the use-cases over one connection, where the cost is the time that Postgres spends on a
//! processor; then the functions' release builds, with the copies in Redis and without.

mod databases;
mod functions;
mod plan;
mod question;
mod table;
mod usecases;

use anyhow::ensure;
use clap::Args;
use services::Reporter as _;

use crate::environment::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use question::Subjects;

/// How large, and how thorough.
#[derive(Debug, Clone, Args)]
pub(crate) struct Catalogues {
    /// Numbers of products, the smallest first: the others are compared with it
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000], value_name = "N,N…")]
    sizes: Vec<u32>,
    /// Make the databases anew
    #[arg(long)]
    fresh: bool,
    /// How often each question is asked of each size
    #[arg(long, default_value_t = 21, value_name = "TIMES")]
    rounds: u32,
    /// Leave the functions out, and with them their release build
    #[arg(long)]
    no_functions: bool,
    /// Only questions whose name has this in it
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true
    )]
    only: String,
}

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    wanted: &Catalogues,
) -> anyhow::Result<()> {
    ensure!(
        wanted.sizes.is_sorted() && wanted.sizes.first() > Some(&0) && wanted.rounds > 0,
        "--sizes must rise, from 1 at least, and --rounds be 1 at least"
    );
    let settings = Settings::load(workspace)?;
    let databases = databases::prepare(&settings, terminal, wanted).await?;
    let subjects = Subjects::find(&databases[0]).await?;
    let questions: Vec<_> = question::all(&subjects)?
        .into_iter()
        .filter(|question| question.name.contains(&wanted.only))
        .collect();
    ensure!(
        !questions.is_empty(),
        "no question's name has {:?} in it",
        wanted.only
    );
    let step = terminal.step("Asking the use-cases");
    let asked = usecases::ask(&databases, &questions, wanted.rounds, &step).await?;
    step.done();
    print!("{}", table::of_use_cases(&wanted.sizes, &asked));
    let mut within = table::within(&asked);
    if !wanted.no_functions {
        let programs = functions::build(workspace, terminal).await?;
        let step = terminal.step("Asking the functions");
        let asked = functions::ask(
            &settings,
            &databases,
            &asked,
            programs,
            wanted.rounds,
            &step,
        )
        .await?;
        step.done();
        print!("{}", table::of_functions(&wanted.sizes, &asked));
        within &= table::functions_within(&asked);
    }
    terminal.say("The databases stay for the next run; --fresh makes them anew.");
    ensure!(within, "not every question is answered within its target");
    Ok(())
}

/// The middle one; of an even number the higher of the two.
fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
