//! Connections and transactions.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, Postgres};

use crate::DatabaseError;

/// How long a function waits for a connection before it answers 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that was idle for longer is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// How long it has for the answer. A frozen function's connection may be dead without knowing.
const ANSWER_WITHIN: Duration = Duration::from_millis(300);
/// A connection that was idle for longer is replaced unasked.
const REPLACE_AFTER: Duration = Duration::from_secs(60);

/// `DATABASE_URL` and `DATABASE_CONNECTIONS`.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    url: SecretString,
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
            connections: env.parsed_or("DATABASE_CONNECTIONS", 1),
        }
    }

    /// Settings for a known address; for tests and tools.
    #[must_use]
    pub fn new(url: &str, connections: u32) -> Self {
        Self {
            url: SecretString::from(url),
            connections,
        }
    }
}

/// The database. Cheap to clone. Nothing is connected before it is needed, so that a function
/// starts while the database is away and recovers when it is back.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
}

/// A borrowed connection, for reads and single statements.
pub type Connection = PoolConnection<Postgres>;

impl Database {
    /// Prepares connections; connects to nothing.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] for an address that is none.
    pub fn lazy(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let options = PgConnectOptions::from_str(settings.url.expose_secret())?
            .application_name("madrush")
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections.max(1))
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, idle| Box::pin(still_lives(connection, idle)))
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Borrows a connection, for at most 3 s of waiting.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn connection(&self) -> Result<Connection, DatabaseError> {
        Ok(self.pool.acquire().await?)
    }

    /// Begins a transaction. The caller must not drop the future that holds it (see the crate's
    /// documentation).
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn begin(&self) -> Result<Transaction, DatabaseError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the door the ban points to"
        )]
        Ok(Transaction(self.pool.begin().await?))
    }

    /// Asks the server for a sign of life and answers how long it took.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        let mut connection = self.connection().await?;
        sqlx::query("SELECT 1").execute(&mut *connection).await?;
        Ok(())
    }

    /// Closes all connections; for tests and tools.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether a connection can be lent. Dropping the ping's future is safe: the connection is closed,
/// and no transaction is open on it.
async fn still_lives(
    connection: &mut PgConnection,
    idle: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if idle.idle_for > REPLACE_AFTER {
        return Ok(false);
    }
    if idle.idle_for < ASK_AFTER {
        return Ok(true);
    }
    Ok(matches!(
        tokio::time::timeout(ANSWER_WITHIN, connection.ping()).await,
        Ok(Ok(()))
    ))
}

/// A transaction. It derefs to the plain connection that every store takes.
#[derive(Debug)]
pub struct Transaction(sqlx::Transaction<'static, Postgres>);

impl Transaction {
    /// Commits. Only after this may anything be acknowledged.
    ///
    /// # Errors
    /// [`DatabaseError`]; after [`DatabaseError::Unavailable`] the commit may have happened.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        Ok(self.0.commit().await?)
    }

    /// Gives everything up.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`]; nothing was committed then either.
    pub async fn rollback(self) -> Result<(), DatabaseError> {
        Ok(self.0.rollback().await?)
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
