//! A database of its own for each test: migrated once into a template, then copied.
//!
//! `DATABASE_URL` names a server where databases may be created (`cargo dev test` starts one).

use std::str::FromStr;
use std::sync::Mutex;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgConnection};
use uuid::Uuid;

use crate::roles::{ROLES, Role};
use crate::{Database, DatabaseSettings, migrations};

/// What the areas' roles log in with where tests run; it guards nothing.
const ROLE_PASSWORD: &str = "madrush";

/// What a database that is copied does not inherit: the limits that the shop runs under, and who may
/// come in.
const NOT_COPIED: [&str; 3] = [
    include_str!("../../../migrations/0007_limits.sql"),
    include_str!("../../../migrations/0011_role_limits.sql"),
    include_str!("../../../migrations/0050_inventory_role_limits.sql"),
];

/// A database that lives as long as its test. Dropped with announcements that nobody looked at, it
/// fails the test: an event that is not asserted is an event that is not tested.
pub struct TestDatabase {
    /// The shop's own door to it.
    pub database: Database,
    url: String,
    name: String,
    /// Roles are the cluster's: a test's own must not outlive it.
    roles: Mutex<Vec<String>>,
}

impl TestDatabase {
    /// A fresh, migrated database.
    ///
    /// # Panics
    /// Where no server can be reached: run tests through `cargo dev test`.
    pub async fn create() -> Self {
        Self::with_connections(16).await
    }

    /// A fresh, migrated database with so many connections in its pool.
    ///
    /// # Panics
    /// As [`create`](Self::create).
    pub async fn with_connections(connections: u32) -> Self {
        let server = server();
        let template = template(&server).await;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut admin = server.connect().await.expect("the test server answers");
        run(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let options = server.clone().database(&name);
        let mut own = options.connect().await.expect("the new database answers");
        for statements in NOT_COPIED {
            let applied = own.execute(sqlx::raw_sql(statements)).await;
            applied.expect("limits apply");
        }
        let url = options.to_url_lossy().to_string();
        let database =
            Database::lazy(&DatabaseSettings::new(&url, connections)).expect("an address");
        Self {
            database,
            url,
            name,
            roles: Mutex::default(),
        }
    }

    /// Its address for its owner, who may do everything.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its address for an area's functions: they may do what that area's role may.
    ///
    /// # Panics
    /// Where no area has this name.
    #[must_use]
    pub fn url_as(&self, area: &str) -> String {
        let role = role_of(area);
        let options = PgConnectOptions::from_str(&self.url).expect("an address");
        let options = options.username(role.name).password(ROLE_PASSWORD);
        options.to_url_lossy().to_string()
    }

    /// A connection of its own, outside the pool, for looking at the rows.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url)
            .await
            .expect("the test database answers")
    }

    /// Makes a role that may do what an area's may, with its own password, which a test may change;
    /// answers its name. It goes with the database.
    ///
    /// # Panics
    /// Where no area has this name.
    pub async fn role_like(&self, area: &str, password: &str) -> String {
        let like = role_of(area).name;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {like}");
        self.execute(&create).await;
        let mut roles = self
            .roles
            .lock()
            .expect("no test of this database has failed");
        roles.push(name.clone());
        name
    }

    /// Has its owner execute statements, outside the pool.
    ///
    /// # Panics
    /// Where the server refuses them.
    pub async fn execute(&self, statements: &str) {
        run(&mut self.connect().await, statements.to_owned()).await;
    }

    /// Takes the announcements out of the outbox and answers their types, the oldest first.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn take_announcements(&self) -> Vec<String> {
        let taken: Vec<(String,)> = sqlx::query_as(
            "WITH taken AS (DELETE FROM outbox RETURNING message_id, type)
             SELECT type FROM taken ORDER BY message_id",
        )
        .fetch_all(&mut self.connect().await)
        .await
        .expect("the outbox can be read");
        taken.into_iter().map(|(event_type,)| event_type).collect()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        let roles = self.roles.get_mut().map(std::mem::take).unwrap_or_default();
        let clean_up = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async move {
                let mut own = PgConnection::connect(&url)
                    .await
                    .expect("the database answers");
                let left: Vec<(String,)> = sqlx::query_as("SELECT type FROM outbox")
                    .fetch_all(&mut own)
                    .await
                    .expect("the outbox can be read");
                own.close().await.ok();
                let mut admin = server().connect().await.expect("the test server answers");
                run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
                for role in roles {
                    run(&mut admin, format!("DROP ROLE {role}")).await;
                }
                left
            })
        });
        let left = clean_up.join().expect("the test database is dropped");
        if !std::thread::panicking() {
            assert!(
                left.is_empty(),
                "announcements that no assertion looked at: {left:?}"
            );
        }
    }
}

fn role_of(area: &str) -> Role {
    let role = ROLES.into_iter().find(|role| role.area == area);
    role.unwrap_or_else(|| panic!("no area is called {area}"))
}

fn server() -> PgConnectOptions {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told the server, not the shop"
    )]
    let url = std::env::var("DATABASE_URL");
    let url = url.expect("DATABASE_URL names a server for tests: run them with `cargo dev test`");
    PgConnectOptions::from_str(&url)
        .expect("DATABASE_URL is an address")
        .disable_statement_logging()
}

/// The name of the migrated template; made by whoever comes first, while the others wait.
async fn template(server: &PgConnectOptions) -> String {
    let name = format!(
        "template_{}_{:x}",
        migrations::latest(),
        migrations::fingerprint()
    );
    let mut admin = server.connect().await.expect("the test server answers");
    run(&mut admin, "SELECT pg_advisory_lock(7071)".to_owned()).await;
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the catalogue can be read");
    if !known {
        let draft = format!("{name}_draft");
        run(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
        )
        .await;
        run(&mut admin, format!("CREATE DATABASE {draft}")).await;
        migrations::apply(&server.clone().database(&draft))
            .await
            .expect("migrations apply");
        run(
            &mut admin,
            format!("ALTER DATABASE {draft} RENAME TO {name}"),
        )
        .await;
    }
    let_roles_in(&mut admin).await;
    admin.close().await.ok();
    name
}

/// Gives the areas' roles a password, once in each cluster; under the lock that whoever makes the
/// template holds.
async fn let_roles_in(admin: &mut PgConnection) {
    let names: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
    let without: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_authid WHERE rolname = ANY($1) AND rolpassword IS NULL",
    )
    .bind(&names)
    .fetch_all(&mut *admin)
    .await
    .expect("the roles can be read");
    for role in without {
        run(
            admin,
            format!("ALTER ROLE {role} PASSWORD '{ROLE_PASSWORD}'"),
        )
        .await;
    }
}

async fn run(connection: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(statement)))
        .await
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
}
