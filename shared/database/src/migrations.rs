//! The embedded migrations.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgConnection};

use crate::DatabaseSettings;
use crate::error::refuses_us;
use crate::roles::RolePasswords;

/// A deployment that is rolled back runs the former version's: that one leaves alone what was applied
/// after it, as its functions do.
static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
});

/// Why the schema is not up to date. The version that serves goes on serving.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database does not answer, or refuses the connection.
    #[error("the database cannot be reached for migrating")]
    Connect(#[source] sqlx::Error),
    /// A migration failed; those before it stand.
    #[error("a migration failed")]
    Migrate(#[source] MigrateError),
    /// The schema is up to date; the roles keep the passwords they had.
    #[error("the roles' passwords could not be set")]
    Passwords(#[source] sqlx::Error),
}

/// Applies what has not been applied; safe to run again, and at the same time (the others wait).
/// Answers the version of the schema.
///
/// # Errors
/// [`MigrationError`].
pub async fn apply(options: &PgConnectOptions) -> Result<i64, MigrationError> {
    apply_and_let_in(options, &RolePasswords::default()).await
}

/// [`apply`] at deploy: then gives the roles their passwords, and only then, so that a migration that
/// fails changes nothing for anybody. This is also how a password that was changed is applied.
///
/// # Errors
/// [`MigrationError`].
pub async fn deploy(
    settings: &DatabaseSettings,
    passwords: &RolePasswords,
) -> Result<i64, MigrationError> {
    let options = settings.options().map_err(MigrationError::Connect)?;
    let applied = apply_and_let_in(&options, passwords).await;
    if let Err(MigrationError::Connect(error)) = &applied
        && refuses_us(error)
    {
        settings::refused(settings.credential());
    }
    applied
}

async fn apply_and_let_in(
    options: &PgConnectOptions,
    passwords: &RolePasswords,
) -> Result<i64, MigrationError> {
    let options = options.clone().disable_statement_logging();
    let mut connection = options.connect().await.map_err(MigrationError::Connect)?;
    apply_on(&mut connection).await?;
    let set = passwords.set(&mut connection).await;
    set.map_err(MigrationError::Passwords)?;
    connection.close().await.map_err(MigrationError::Connect)?;
    Ok(latest())
}

/// [`apply`] for an address.
///
/// # Errors
/// [`MigrationError`].
pub async fn apply_to(url: &str) -> Result<i64, MigrationError> {
    apply(&url.parse().map_err(MigrationError::Connect)?).await
}

/// Whoever wants a table that a migration waits for waits behind it. This is well below what the shop's
/// own statements bear (0007_limits.sql: 5 s; 3 s for a connection that another request waits with), so
/// that a long reader in a migration's way costs customers a second and no answer.
const LOCK_WAIT: &str = "1s";
/// How often a lock is asked for, and how long traffic has the table to itself in between.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

async fn apply_on(connection: &mut PgConnection) -> Result<(), MigrationError> {
    // A migration may take its time once it has its locks.
    let limits = format!(
        "SET statement_timeout = 0; SET lock_timeout = '{LOCK_WAIT}'; SET idle_session_timeout = 0"
    );
    sqlx::raw_sql(AssertSqlSafe(limits))
        .execute(&mut *connection)
        .await
        .map_err(MigrationError::Connect)?;
    let mut tries = 1;
    loop {
        match MIGRATOR.run(&mut *connection).await {
            Err(error) if tries < TRIES && found_it_locked(&error) => {
                tracing::warn!(tries, "a migration waits for a lock; trying again");
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome.map_err(MigrationError::Migrate),
        }
    }
}

/// `lock_not_available`: the migration was rolled back because of `lock_timeout`.
fn found_it_locked(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("55P03")
}

/// The version of the last embedded migration.
#[must_use]
pub fn latest() -> i64 {
    MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

/// Tells one set of migrations from another, for test templates.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migration in MIGRATOR.iter() {
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}
