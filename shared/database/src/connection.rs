//! Connections and transactions.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use telemetry::TRACE_ONLY;
use tracing::Span;
use tracing::field::Empty;

use crate::DatabaseError;
use crate::pool::{Lent, Pool};

/// Connections of one function instance unless `DATABASE_CONNECTIONS` says otherwise: an instance works
/// one request at a time. docs/connections.md counts with it.
pub const CONNECTIONS: u32 = 1;

/// `DATABASE_URL`, `DATABASE_PASSWORD` and `DATABASE_CONNECTIONS`.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    url: SecretString,
    /// In place of the address's own: on AWS the address is no secret and the password is.
    password: Option<SecretString>,
    connections: u32,
}

impl DatabaseSettings {
    /// Reads the settings.
    pub fn read(env: &mut settings::Env) -> Self {
        let url = env.secret("DATABASE_URL");
        let given = !url.expose_secret().is_empty();
        if given && PgConnectOptions::from_str(url.expose_secret()).is_err() {
            env.problem(
                "DATABASE_URL",
                "is malformed: it must be postgres://user:password@host:port/name",
            );
        }
        Self {
            url,
            password: env.optional("DATABASE_PASSWORD").map(SecretString::from),
            connections: env.parsed_or("DATABASE_CONNECTIONS", CONNECTIONS),
        }
    }

    /// Settings for a known address; for tests and tools.
    #[must_use]
    pub fn new(url: &str, connections: u32) -> Self {
        Self {
            url: SecretString::from(url),
            password: None,
            connections,
        }
    }

    /// How to connect, with the password in its place.
    pub(crate) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let options = PgConnectOptions::from_str(self.url.expose_secret())?;
        Ok(match &self.password {
            Some(password) => options.password(password.expose_secret()),
            None => options,
        })
    }

    /// The setting that holds what the server may refuse.
    pub(crate) fn credential(&self) -> &'static str {
        match self.password {
            Some(_) => "DATABASE_PASSWORD",
            None => "DATABASE_URL",
        }
    }
}

/// The database. Cheap to clone. Nothing is connected before it is needed, so that a function
/// starts while the database is away and recovers when it is back.
#[derive(Debug, Clone)]
pub struct Database {
    pool: Arc<Pool>,
}

impl Database {
    /// Reads the settings and prepares connections; connects to nothing. `None` where a setting is
    /// at fault, which is noted.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        Self::lazy(&DatabaseSettings::read(env)).ok()
    }

    /// Prepares connections; connects to nothing.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] for an address that is none.
    pub fn lazy(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let options = settings.options()?;
        let options = options
            .application_name("madrush")
            .disable_statement_logging();
        Ok(Self {
            pool: Pool::new(options, settings.connections, settings.credential()),
        })
    }

    /// Borrows a connection, for at most 3 s of waiting, asking and connecting.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn connection(&self) -> Result<Connection, DatabaseError> {
        Ok(Connection(self.pool.lend().await?))
    }

    /// Begins a transaction. The caller must not drop the future that holds it (see the crate's
    /// documentation).
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn begin(&self) -> Result<Transaction, DatabaseError> {
        let span = span();
        let mut transaction = Transaction {
            lent: self.pool.lend().await?,
            ended: false,
            span,
        };
        sqlx::raw_sql("BEGIN").execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        let mut connection = self.connection().await?;
        sqlx::query("SELECT 1").execute(&mut *connection).await?;
        Ok(())
    }

    /// Closes all connections; for tests and tools.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// A borrowed connection, for reads and single statements. Each statement is its own transaction.
#[derive(Debug)]
pub struct Connection(Lent);

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.get()
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.get_mut()
    }
}

/// A transaction. It derefs to the plain connection that every store takes. Dropped before its end,
/// it closes its connection: the server rolls back, and nobody is lent an open transaction.
#[derive(Debug)]
pub struct Transaction {
    lent: Lent,
    ended: bool,
    span: Span,
}

/// A transaction in a trace, from waiting for its connection to its end (database semantic
/// conventions).
fn span() -> Span {
    tracing::info_span!(
        target: TRACE_ONLY,
        "transaction",
        otel.kind = "client",
        db.system.name = "postgresql",
        db.operation.name = Empty,
        otel.status_code = Empty,
        "error.type" = Empty,
    )
}

impl Transaction {
    /// Commits. Only after this may anything be acknowledged.
    ///
    /// # Errors
    /// [`DatabaseError`]; after [`DatabaseError::Unavailable`] the commit may have happened.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        self.end("COMMIT").await
    }

    /// Gives everything up, and keeps the connection.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`]; nothing was committed then either.
    pub async fn rollback(self) -> Result<(), DatabaseError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), DatabaseError> {
        self.span.record("db.operation.name", how);
        sqlx::raw_sql(how).execute(&mut *self).await?;
        self.ended = true;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.lent.get()
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.lent.get_mut()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.ended {
            self.span.record("otel.status_code", "error");
            self.span.record("error.type", "given_up");
            self.lent.discard();
        }
    }
}
