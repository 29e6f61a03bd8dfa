//! A database for each size, on the development server.

use anyhow::Context as _;
use services::Reporter as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use super::Catalogues;
use crate::environment::Settings;
use crate::seed;
use crate::terminal::Terminal;

/// A catalogue of one size.
#[derive(Debug, Clone)]
pub(super) struct Catalogue {
    pub(super) name: String,
    pub(super) url: String,
}

impl Catalogue {
    pub(super) async fn connect(&self) -> anyhow::Result<PgConnection> {
        let options: PgConnectOptions = self.url.parse()?;
        options
            .disable_statement_logging()
            .connect()
            .await
            .with_context(|| format!("Postgres, {}", self.name))
    }

    async fn products(&self) -> anyhow::Result<i64> {
        let mut connection = self.connect().await?;
        let count = sqlx::query_scalar("SELECT count(*) FROM products");
        let count = count.fetch_one(&mut connection).await?;
        Ok(count)
    }
}

/// The databases of all sizes, filled; those that are there are used again.
pub(super) async fn prepare(
    settings: &Settings,
    terminal: &Terminal,
    wanted: &Catalogues,
) -> anyhow::Result<Vec<Catalogue>> {
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    let server: PgConnectOptions = url.parse()?;
    let pictures = seed::pictures(settings)?;
    let mut databases = Vec::new();
    for products in &wanted.sizes {
        let name = format!("bench_{products}");
        make(&server, &name, wanted.fresh).await?;
        let url = server.clone().database(&name).to_url_lossy().to_string();
        let step = terminal.step(&format!("Catalogue of {products} products"));
        database::migrations::apply_to(&url)
            .await
            .with_context(|| {
                format!("migrating {name} (if a migration was edited since: --fresh)")
            })?;
        let database = Catalogue { name, url };
        if database.products().await? < i64::from(*products) {
            let added = seed::fill_at(&database.url, &pictures, *products, &step).await?;
            step.say(&format!(
                "{added} products were added to {}.",
                database.name
            ));
        }
        step.done();
        databases.push(database);
    }
    Ok(databases)
}

/// Names of databases cannot be parameters; these are letters and a number.
async fn make(server: &PgConnectOptions, name: &str, fresh: bool) -> anyhow::Result<()> {
    let mut connection = server
        .connect()
        .await
        .context("is Postgres running? (cargo dev)")?;
    if fresh {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        connection.execute(AssertSqlSafe(drop)).await?;
    }
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
    if !known {
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await?;
    }
    Ok(connection.close().await?)
}
