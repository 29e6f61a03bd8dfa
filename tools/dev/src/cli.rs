//! The command line.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::bench::catalogue::Catalogues;
use crate::environment::Settings;
use crate::package::{self, Package};
use crate::rehearse::{self, Rehearse};
use crate::shop::{self, Functions};
use crate::staff_token::StaffToken;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::{bench, check, environment, openapi, queries, seed, tests};

/// Runs the whole shop on this machine, and everything else a developer does by hand.
///
/// Without a sub-command it starts private Postgres, Redis and RabbitMQ (installing what is missing
/// with apt-get), migrates, seeds a catalogue, starts stand-ins for Paystack, Twilio and e-mail,
/// feeds the queues and schedules, and serves the API with `cargo lambda watch`. Ctrl-C stops all
/// of it. Data stays in target/dev until `cargo dev reset`.
///
/// Settings come from the environment, then from .env, then from built-in development values; all
/// are described in .env.example. Give DATABASE_URL, REDIS_HOST or RABBITMQ_HOST to use a server of
/// your own instead of a private one.
#[derive(Debug, Parser)]
#[command(
    name = "cargo dev",
    bin_name = "cargo dev",
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    command: Option<Command>,
}

/// How the shop is run.
#[derive(Debug, Clone, Args)]
pub(crate) struct Run {
    /// Run the three services with Docker Compose (compose.yaml) instead of as private programs
    #[arg(long, global = true)]
    pub(crate) compose: bool,
    /// Do not reload functions when a file changes (a reload loses the requests in flight)
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// How many instances of each function may run at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub(crate) concurrency: u16,
    /// Start with the catalogue as it is
    #[arg(long)]
    pub(crate) no_seed: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the shop's settings as KEY=VALUE lines
    ///
    /// For psql, redis-cli or a function started by hand:
    ///   set -a; . <(cargo dev env); set +a; psql "$DATABASE_URL"
    Env {
        /// Print what .env.example holds instead
        #[arg(long)]
        example: bool,
    },
    /// Run everything but the functions, for those who start `cargo lambda watch` themselves
    Services,
    /// Run every test against real services
    ///
    /// The services are those of a running `cargo dev` if there is one, else they are started and
    /// stopped again; tests make databases, virtual hosts and key prefixes of their own, so a
    /// running shop is not disturbed. Arguments go to `cargo test`:
    ///   cargo dev test -p checkout -- settle
    Test {
        /// Arguments for `cargo test` (default: --workspace)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check what must always hold (design/quality.md) and print each rule with its counts
    ///
    /// Asks the running shop's database and the stand-ins' ledger. Exits with 1 if a rule is broken.
    Check {
        /// Leave out what holds only once the shop has come to rest
        #[arg(long)]
        in_motion: bool,
    },
    /// Throw the private services' data away: the next start begins with an empty shop
    Reset,
    /// Fill the shop's catalogue: products, variants, pictures, stock, delivery rates
    ///
    /// Running it again adds what is missing and changes nothing that is there.
    Seed {
        /// At least this many products; beyond the hand-made ones it grows as catalogues do
        #[arg(long, default_value_t = seed::DEFAULT_PRODUCTS, value_name = "N")]
        products: u32,
    },
    /// Print an access token for a member of staff, until they can sign in
    ///
    /// It opens what openapi.json marks with `staff`:
    ///   TOKEN=$(cargo dev staff-token --permission read_operations,write_operations)
    ///   curl localhost:9000/api/admin/dead-messages -H "Authorization: Bearer $TOKEN"
    ///
    /// Signed with JWT_SECRET_KEY: the development shop's own, or the one that the environment or
    /// .env gives, whose shop then takes it. A token cannot be taken back before it runs out, hence
    /// at most a day; removing its key from JWT_SECRET_KEY ends it, with all others of that key.
    #[command(verbatim_doc_comment)]
    StaffToken(StaffToken),
    /// Write openapi.json from the functions' own descriptions
    Openapi {
        /// Change nothing; fail if openapi.json is not what the code says
        #[arg(long)]
        check: bool,
    },
    /// Write .sqlx/, what the `query!` macros know of the database
    ///
    /// Migrates a scratch database and checks every query against it.
    Sqlx {
        /// Change nothing; fail if .sqlx/ is not what queries and migrations say
        #[arg(long)]
        check: bool,
    },
    /// Build functions for Lambda into target/lambda, check and weigh them
    ///
    /// Built with cargo-lambda and zig (both from PyPI) against the C library of provided.al2023.
    /// Fails where a zip is over its budget, a binary is for another processor, needs a newer glibc
    /// or another library than Lambda has, where a second TLS provider or something of development
    /// is in it, or where it tells of this machine. With --run each is then run as Lambda would.
    Package(Package),
    /// Rehearse a deployment: a former version serves under load while this one is deployed over it
    ///
    /// Version N (--from, built in target/rehearsal) serves customers who browse, order, pay, repeat
    /// their requests and change their minds. N+1, the work tree, runs its migrations under that load:
    /// once so that they fail, once with a long reader in their way, then for good. Traffic moves to
    /// N+1 function by function, back to N on the new schema, and over again at once. Both are driven
    /// as Lambda does it, with real Postgres, Redis and RabbitMQ and stand-ins for the rest.
    ///
    /// Prints a table by phase and the invariants; exits with 1 if a request, message or webhook failed
    /// or an invariant is broken. A migration is ready to be deployed when this passes.
    RehearseDeploy(Rehearse),
    /// Measure the functions against the targets of the design
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Size, start-up time and memory of each function's release build
    Size,
    /// How long the build for Lambda takes: from clean, after a change in the domain, in one function
    ///
    /// Works on a copy of the work tree with a target folder of its own, and removes both.
    Build,
    /// What reading the catalogue costs at 10,000, 100,000 and 1,000,000 products
    ///
    /// Lists, filters, searches, facets, a product's page, the category tree and page 10,000, with the
    /// plan that Postgres used; by the use-cases, and by the functions with the cache and without.
    /// Makes databases bench_<size> on the development server, which stay for the next run: the one of
    /// a million products takes about a quarter of an hour and 6 GB. Exits with 1 if a target is missed.
    Catalogue(Catalogues),
}

pub(crate) async fn run(
    cli: Cli,
    workspace: &Workspace,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let Some(command) = cli.command else {
        shop::run(workspace, terminal, &cli.run, Functions::Watched).await?;
        return Ok(ExitCode::SUCCESS);
    };
    match command {
        Command::Env { example: true } => print!("{}", environment::example()),
        Command::Env { example: false } => print!("{}", Settings::load(workspace)?.as_lines()),
        Command::Services => {
            shop::run(workspace, terminal, &cli.run, Functions::ByHand).await?;
        }
        Command::Test { args } => return tests::run(workspace, terminal, &cli.run, &args).await,
        Command::Check { in_motion } => return check::run(workspace, terminal, in_motion).await,
        Command::Reset => reset(workspace, terminal).await?,
        Command::Seed { products } => seed::run(workspace, terminal, products).await?,
        Command::StaffToken(asked) => println!("{}", asked.make(workspace)?),
        Command::Openapi { check } => openapi::run(workspace, terminal, check).await?,
        Command::Sqlx { check } => queries::run(workspace, terminal, &cli.run, check).await?,
        Command::Package(order) => {
            package::run(workspace, terminal, &cli.run, &order).await?;
        }
        Command::RehearseDeploy(order) => {
            return rehearse::run(workspace, terminal, &cli.run, &order).await;
        }
        Command::Bench(Bench::Size) => bench::size::run(workspace, terminal).await?,
        Command::Bench(Bench::Build) => bench::build::run(workspace, terminal).await?,
        Command::Bench(Bench::Catalogue(wanted)) => {
            bench::catalogue::run(workspace, terminal, &wanted).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn reset(workspace: &Workspace, terminal: &Terminal) -> anyhow::Result<()> {
    let settings = Settings::load(workspace)?;
    services::reset(settings.plan().clone(), terminal).await?;
    terminal.line("The private services' data is gone; cargo dev makes it anew.");
    Ok(())
}

#[cfg(test)]
mod tests_of_the_command_line {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }
}
