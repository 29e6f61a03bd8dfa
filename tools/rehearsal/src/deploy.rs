//! What a deployment does before any traffic moves: migrations and queues, by the functions' own
//! hooks, while the former version serves.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::environment::{AREAS, Logins, role};
use crate::scene::{Database, Scene, Schema};
use crate::version::Side;

/// Refuses whatever a migration makes or changes, once it has been made: what is refused has to be
/// rolled back as well. sqlx's own table may be made.
const REFUSE: &str = "
    CREATE FUNCTION rehearsal_refuses() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE made record;
    BEGIN
        FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
            IF made.object_identity NOT LIKE '%\\_sqlx\\_migrations%' THEN
                RAISE EXCEPTION 'the rehearsal refuses %', made.object_identity;
            END IF;
        END LOOP;
    END $$;
    CREATE EVENT TRIGGER rehearsal_refuses ON ddl_command_end EXECUTE FUNCTION rehearsal_refuses();";

const ALLOW: &str = "DROP EVENT TRIGGER rehearsal_refuses; DROP FUNCTION rehearsal_refuses();";

/// A reader that never ends would be ended by the database itself.
const LONGEST_READ: Duration = Duration::from_secs(90);

/// Runs a version's `migrate`; answers the schema's version and how long it took.
pub(crate) async fn migrate(scene: &Scene, side: Side) -> anyhow::Result<(Schema, Duration)> {
    let began = Instant::now();
    if let Err(error) = scene.traffic.invoke_on(side, "migrate", &json!({})).await {
        // To its caller a function tells its own layer only; its log has the whole chain.
        let words = scene.traffic.last_words(side, "migrate");
        return Err(words.map_or(error, |words| anyhow::anyhow!(words)));
    }
    Ok((scene.database.schema().await?, began.elapsed()))
}

/// Runs a version's `declare-queues`.
pub(crate) async fn declare(scene: &Scene, side: Side) -> anyhow::Result<Value> {
    scene
        .traffic
        .invoke_on(side, "declare-queues", &json!({}))
        .await
}

/// N+1's migrations fail in the middle: the hook has to say so, and the schema to be what it was.
/// Answers a sentence about what was seen.
pub(crate) async fn a_migration_that_fails(scene: &Scene) -> anyhow::Result<String> {
    let database = &scene.database;
    if !is_superuser(database).await? {
        return Ok(
            "NOT SHOWN: a migration that fails (planting one needs a superuser on Postgres)"
                .to_owned(),
        );
    }
    let before = database.schema().await?;
    let columns = columns(database).await?;
    database.execute(REFUSE).await?;
    let migrated = migrate(scene, Side::Next).await;
    database.execute(ALLOW).await?;
    let after = database.schema().await?;
    match migrated {
        Ok(_) if after == before => {
            Ok("there is no migration between N and N+1: none could fail".to_owned())
        }
        Ok(_) => bail!("a migration whose changes were refused is said to have been applied"),
        Err(error) => {
            ensure!(
                after == before,
                "a failed migration left schema {after} instead of {before}"
            );
            ensure!(
                self::columns(database).await? == columns,
                "a failed migration left something behind"
            );
            Ok(format!(
                "a migration that fails: migrate says so ({}), the schema stays at {before}",
                reason(&error)
            ))
        }
    }
}

/// N+1's migrations come while somebody reads every table and does not end: they may fail, but must
/// not keep the customers waiting for longer than these bear.
pub(crate) async fn a_reader_in_the_way(scene: &Scene) -> anyhow::Result<String> {
    let reader = Reader::begin(&scene.database).await?;
    let began = Instant::now();
    let migrating = tokio::time::timeout(LONGEST_READ, migrate(scene, Side::Next));
    let migrated = migrating
        .await
        .context("migrate waits for a reader without end")?;
    let after = began.elapsed().as_secs_f32();
    reader.end().await?;
    Ok(match migrated {
        Ok((version, _)) => format!(
            "a long reader: migrate did not have to wait for it ({after:.1} s, schema {version})"
        ),
        Err(error) => format!(
            "a long reader: migrate gave up after {after:.1} s ({})",
            reason(&error)
        ),
    })
}

/// Who functions are: the roles of their areas, where the migrations so far grant these anything.
pub(crate) async fn logins(database: &Database) -> anyhow::Result<Logins> {
    let granted = "SELECT DISTINCT grantee::text FROM information_schema.role_table_grants WHERE table_schema = 'public'";
    let granted = database.texts(granted).await?;
    let all = AREAS.iter().all(|area| granted.contains(&role(area)));
    Ok(if all { Logins::Areas } else { Logins::Owner })
}

/// Somebody who reads all tables in one transaction.
struct Reader(PgConnection);

impl Reader {
    async fn begin(database: &Database) -> anyhow::Result<Self> {
        let tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'";
        let tables = database.texts(tables).await?.join(", ");
        let mut connection = database.connect().await?;
        let lock = format!(
            "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE {tables} IN ACCESS SHARE MODE"
        );
        connection
            .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(lock)))
            .await?;
        Ok(Self(connection))
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.0.execute("ROLLBACK").await?;
        Ok(self.0.close().await?)
    }
}

async fn is_superuser(database: &Database) -> anyhow::Result<bool> {
    let found = database
        .texts("SELECT rolname::text FROM pg_roles WHERE rolname = current_user AND rolsuper")
        .await?;
    Ok(!found.is_empty())
}

async fn columns(database: &Database) -> anyhow::Result<Vec<String>> {
    let columns = "SELECT format('%s.%s %s', table_name, column_name, data_type) FROM information_schema.columns
                   WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1";
    database.texts(columns).await
}

/// What the hook said, no more of it than fits on a line.
pub(crate) fn reason(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(160)
        .collect()
}
