//! `cargo dev sqlx`: what the `query!` macros know of the database, written to `.sqlx/`.
//!
//! The same as `cargo sqlx prepare`, without that program: a macro that is expanded with a live
//! `DATABASE_URL` writes what it learnt into `SQLX_OFFLINE_DIR` (sqlx-macros-core 0.9,
//! `query/mod.rs`). A compiler wrapper under a name never seen before makes cargo expand the
//! workspace's crates anew, beside the usual builds and with the dependencies that are there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use services::Reporter as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use crate::cargo;
use crate::cli::Run;
use crate::environment::Settings;
use crate::shop::services_only;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    check: bool,
) -> anyhow::Result<()> {
    let settings = Settings::load(workspace)?;
    let services = services_only(&settings, terminal, options).await?;
    let outcome = prepare(workspace, terminal, &settings, check).await;
    services.stop(terminal).await?;
    outcome
}

async fn prepare(
    workspace: &Workspace,
    terminal: &Terminal,
    settings: &Settings,
    check: bool,
) -> anyhow::Result<()> {
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    let scratch = Scratch::create(url, &workspace.root.join("migrations")).await?;
    let described = describe(workspace, terminal, &scratch).await;
    scratch.drop().await?;
    let committed = workspace.root.join(".sqlx");
    if check {
        compare(&committed, &described?)
    } else {
        replace(terminal, &committed, &described?)
    }
}

/// A database of our own, migrated.
struct Scratch {
    name: String,
    server: PgConnectOptions,
}

impl Scratch {
    async fn create(url: &str, migrations: &Path) -> anyhow::Result<Self> {
        let name = format!("madrush_queries_{}", std::process::id());
        let server: PgConnectOptions = url.parse()?;
        let scratch = Self { name, server };
        scratch
            .execute(format!("CREATE DATABASE {}", scratch.name))
            .await?;
        let mut database = scratch
            .server
            .clone()
            .database(&scratch.name)
            .connect()
            .await?;
        let migrator = Migrator::new(migrations)
            .await
            .context("migrations/ cannot be read")?;
        let migrated = migrator.run(&mut database).await;
        database.close().await?;
        if let Err(error) = migrated {
            scratch.drop().await?;
            return Err(error).context("the migrations do not apply to an empty database");
        }
        Ok(scratch)
    }

    fn url(&self) -> String {
        self.server
            .clone()
            .database(&self.name)
            .to_url_lossy()
            .to_string()
    }

    async fn drop(self) -> anyhow::Result<()> {
        self.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .await
    }

    /// Database names cannot be parameters; this one is made of letters and a process id.
    async fn execute(&self, sql: String) -> anyhow::Result<()> {
        let mut connection = self.server.connect().await.context("Postgres")?;
        connection.execute(AssertSqlSafe(sql)).await?;
        Ok(connection.close().await?)
    }
}

/// Every query's description, by file name.
type Described = BTreeMap<String, Vec<u8>>;

async fn describe(
    workspace: &Workspace,
    terminal: &Terminal,
    scratch: &Scratch,
) -> anyhow::Result<Described> {
    let folder = workspace.dev_folder()?.join("queries");
    // Left over from a former run; it may as well not be there.
    let _ = fs::remove_dir_all(&folder);
    let out = folder.join("described");
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let step = terminal.step("Checking every query of the workspace");
    let mut check = cargo::command(&workspace.root);
    check.args(["check", "--workspace", "--all-targets"]);
    check.env("RUSTC_WORKSPACE_WRAPPER", wrapper(&folder)?);
    check
        .env("DATABASE_URL", scratch.url())
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &out);
    cargo::compile(check, &step).await?;
    step.done();
    read(&out)
}

/// Cargo keeps what is compiled through another wrapper apart, for the workspace's own crates only.
/// `env` with a program and its arguments is that program; a shell would drop variables whose names
/// are not a shell's, such as `CARGO_BIN_EXE_place-order`.
fn wrapper(folder: &Path) -> anyhow::Result<PathBuf> {
    let wrapper = folder.join(format!("rustc-{}", uuid::Uuid::now_v7().simple()));
    symlink("/usr/bin/env", &wrapper)
        .with_context(|| format!("cannot create {}", wrapper.display()))?;
    Ok(wrapper)
}

fn read(folder: &Path) -> anyhow::Result<Described> {
    let mut described = Described::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        described.insert(name, fs::read(&path)?);
    }
    Ok(described)
}

fn compare(committed: &Path, described: &Described) -> anyhow::Result<()> {
    let known = read(committed)?;
    let stale: Vec<&str> = known
        .keys()
        .chain(described.keys())
        .filter(|name| known.get(*name) != described.get(*name))
        .map(String::as_str)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        ".sqlx/ is not what the queries and migrations say; run cargo dev sqlx and commit it ({})",
        stale.join(", ")
    )
}

fn replace(terminal: &Terminal, committed: &Path, described: &Described) -> anyhow::Result<()> {
    fs::create_dir_all(committed)?;
    for (name, text) in described {
        fs::write(committed.join(name), text)?;
    }
    for name in read(committed)?
        .keys()
        .filter(|name| !described.contains_key(*name))
    {
        fs::remove_file(committed.join(name))?;
    }
    terminal.say(&format!(".sqlx/ describes {} queries.", described.len()));
    Ok(())
}
