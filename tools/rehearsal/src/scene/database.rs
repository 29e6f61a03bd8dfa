//! A database of the rehearsal's own, and the looks into it.

use std::fmt;

use anyhow::Context as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use crate::servers::Servers;

/// The migrations that a database has. Its last number alone would not tell: a file with a lower one
/// may come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema(Vec<String>);

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.last().map_or("0", String::as_str);
        write!(f, "{last} ({} migrations)", self.0.len())
    }
}

/// An empty database at first.
#[derive(Clone)]
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    pub(super) async fn create(servers: &Servers, name: &str) -> anyhow::Result<Self> {
        let server = server(servers)?;
        run_on(&server, format!("CREATE DATABASE {name}")).await?;
        Ok(Self {
            server,
            name: name.to_owned(),
        })
    }

    /// The owner's address.
    pub(crate) fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// The address for another user, without a password.
    pub(crate) fn url_of(&self, user: &str) -> anyhow::Result<String> {
        let mut url = self.options().to_url_lossy();
        let named = url.set_username(user).and_then(|()| url.set_password(None));
        named.map_err(|()| anyhow::anyhow!("an address without a user"))?;
        Ok(url.to_string())
    }

    /// The owner's connection.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        self.options()
            .connect()
            .await
            .context("the rehearsal's database does not answer")
    }

    /// Runs statements as the owner.
    pub(crate) async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await?;
        Ok(connection.close().await?)
    }

    /// One column of text.
    pub(crate) async fn texts(&self, sql: &'static str) -> anyhow::Result<Vec<String>> {
        let mut connection = self.connect().await?;
        let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok(rows)
    }

    /// The migrations that were applied, in the order of their numbers.
    pub(crate) async fn schema(&self) -> anyhow::Result<Schema> {
        let known = self
            .texts("SELECT tablename::text FROM pg_tables WHERE tablename = '_sqlx_migrations'")
            .await?;
        if known.is_empty() {
            return Ok(Schema(Vec::new()));
        }
        let applied =
            "SELECT m.version::text FROM _sqlx_migrations m WHERE success ORDER BY m.version";
        Ok(Schema(self.texts(applied).await?))
    }

    pub(super) async fn drop(self) -> anyhow::Result<()> {
        run_on(
            &self.server,
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        )
        .await
    }

    fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

pub(super) fn server(servers: &Servers) -> anyhow::Result<PgConnectOptions> {
    let options: PgConnectOptions = servers.database_url.parse().context("DATABASE_URL")?;
    Ok(options.disable_statement_logging())
}

/// Database names cannot be parameters; ours are made of letters and numbers.
pub(super) async fn run_on(server: &PgConnectOptions, sql: String) -> anyhow::Result<()> {
    let mut connection = server.connect().await.context("Postgres does not answer")?;
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
        .await?;
    Ok(connection.close().await?)
}
