//! What a statement needs and what a role has, both as Postgres says.
//!
//! Postgres judges a statement's rights whenever it begins to execute it, for `EXPLAIN` too. So a role
//! that may do everything is denied one thing after the other, and what the statement then fails
//! without is what it needs: locks, `RETURNING`, `ON CONFLICT` and all. What triggers do is not seen;
//! theirs run as the owner (migrations/README.md, and a test beside this).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// One thing that may be done to one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Right {
    pub(crate) table: String,
    pub(crate) verb: Verb,
}

/// What may be done. Changing is by column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Select,
    Insert,
    Delete,
    Update(String),
    /// `FOR UPDATE` and the like: the right to change some column, whichever.
    Lock,
    /// What no statement of a function needs: `UPDATE` of a whole table, `TRUNCATE`, `USAGE` …
    Other(String),
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, verb } = self;
        match verb {
            Verb::Select => write!(f, "SELECT ON {table}"),
            Verb::Insert => write!(f, "INSERT ON {table}"),
            Verb::Delete => write!(f, "DELETE ON {table}"),
            Verb::Update(column) => write!(f, "UPDATE ({column}) ON {table}"),
            Verb::Lock => write!(f, "UPDATE (of some column, to lock) ON {table}"),
            Verb::Other(verb) => write!(f, "{verb} ON {table}"),
        }
    }
}

impl Right {
    pub(crate) fn new(table: &str, verb: Verb) -> Self {
        Self {
            table: table.to_owned(),
            verb,
        }
    }
}

/// What is missing or not used, a sentence each.
pub(crate) fn disagreements(
    role: &str,
    needed: &BTreeSet<Right>,
    granted: &BTreeSet<Right>,
) -> Vec<String> {
    let may_change = |table: &str| {
        granted
            .iter()
            .any(|right| right.table == table && matches!(right.verb, Verb::Update(_)))
    };
    let has = |right: &Right| match right.verb {
        Verb::Lock => may_change(&right.table),
        Verb::Select | Verb::Insert | Verb::Delete | Verb::Update(_) | Verb::Other(_) => {
            granted.contains(right)
        }
    };
    let missing = needed.iter().filter(|right| !has(right));
    let missing = missing.map(|right| format!("{role} needs GRANT {right}"));
    // Whoever only locks a table has been granted one column of it for that.
    let locks_by = |right: &Right| {
        let of_table = |rights: &BTreeSet<Right>| {
            let changes = rights.iter().filter(|other| {
                other.table == right.table && matches!(other.verb, Verb::Update(_))
            });
            changes.count()
        };
        matches!(right.verb, Verb::Update(_))
            && needed.contains(&Right::new(&right.table, Verb::Lock))
            && (of_table(needed), of_table(granted)) == (0, 1)
    };
    let unused = granted.difference(needed).filter(|right| !locks_by(right));
    let unused = unused.map(|right| format!("{role} has {right}, which no statement needs"));
    missing.chain(unused).collect()
}

/// What a role may do in this database, to whatever lies in the schema.
pub(crate) async fn granted(owner: &mut PgConnection, role: &str) -> BTreeSet<Right> {
    let rows = sqlx::query(
        "WITH acls (name, column_name, acl) AS (
             SELECT relname::text, NULL, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace
             UNION ALL
             SELECT relname::text, attname::text, attacl FROM pg_attribute
             JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace
             UNION ALL
             SELECT proname || '()', NULL, proacl FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         )
         SELECT name, privilege_type, column_name FROM acls, aclexplode(acl)
         WHERE grantee = $1::text::regrole",
    )
    .bind(role)
    .fetch_all(owner)
    .await
    .unwrap();
    let right = |row: &sqlx::postgres::PgRow| {
        let (table, verb, column): (String, String, Option<String>) =
            (row.get(0), row.get(1), row.get(2));
        let verb = match (verb.as_str(), column) {
            ("SELECT", None) => Verb::Select,
            ("INSERT", None) => Verb::Insert,
            ("DELETE", None) => Verb::Delete,
            ("UPDATE", Some(column)) => Verb::Update(column),
            (other, Some(column)) => Verb::Other(format!("{other} ({column})")),
            (other, None) => Verb::Other(other.to_owned()),
        };
        Right { table, verb }
    };
    rows.iter().map(right).collect()
}

/// A role that exists only in an open transaction, to be asked what it may do.
pub(crate) struct Probe {
    owner: PgConnection,
    columns: BTreeMap<String, Vec<String>>,
    functions: Vec<String>,
    statements: usize,
    /// Its own among the probes of tests that run at the same time.
    role: String,
}

impl Probe {
    pub(crate) async fn new(mut owner: PgConnection) -> Self {
        let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
            "SELECT relname::text, array_agg(attname::text ORDER BY attnum)
             FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
               AND relname <> '_sqlx_migrations' AND attnum > 0 AND NOT attisdropped
             GROUP BY relname",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        // Those of extensions are everybody's; a trigger's are nobody's to call.
        let functions = sqlx::query_scalar(
            "SELECT DISTINCT proname || '()' FROM pg_proc p
             WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype
               AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        let mut probe = Self {
            owner,
            columns: rows.into_iter().collect(),
            functions,
            statements: 0,
            role: format!("grants_probe_{}", uuid::Uuid::now_v7().simple()),
        };
        // Reading the binaries takes its time meanwhile.
        let role = &probe.role;
        let begin = format!(
            "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL statement_timeout = 0;
             SET LOCAL idle_in_transaction_session_timeout = 0;
             CREATE ROLE {role}; GRANT USAGE ON SCHEMA public TO {role};
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}"
        );
        probe.run(&begin).await.unwrap();
        probe
    }

    /// The tables there are.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.columns.keys().cloned().collect()
    }

    /// The tables there are, and the functions, as `name()`.
    pub(crate) fn names(&self) -> Vec<String> {
        let functions = self.functions.iter().cloned();
        self.columns.keys().cloned().chain(functions).collect()
    }

    /// What a statement cannot do without.
    pub(crate) async fn needs(&mut self, statement: &str) -> BTreeSet<Right> {
        let name = self.prepare(statement).await;
        assert!(self.may(&name).await, "it may do everything: {statement}");
        let mut needed = BTreeSet::new();
        for table in self.tables() {
            if !statement.contains(&table) {
                continue;
            }
            for (verb, right) in [
                ("SELECT", Verb::Select),
                ("INSERT", Verb::Insert),
                ("DELETE", Verb::Delete),
            ] {
                if !self.may_without(&name, verb, &table, None).await {
                    needed.insert(Right::new(&table, right));
                }
            }
            needed.extend(self.changes(&name, &table).await);
        }
        needed
    }

    async fn changes(&mut self, name: &str, table: &str) -> BTreeSet<Right> {
        if self.may_without(name, "UPDATE", table, None).await {
            return BTreeSet::new();
        }
        let columns = self.columns[table].clone();
        let mut needed = BTreeSet::new();
        for column in &columns {
            let others: Vec<&str> = columns
                .iter()
                .filter(|other| *other != column)
                .map(String::as_str)
                .collect();
            let instead = format!("GRANT UPDATE ({}) ON {table}", others.join(", "));
            if !self
                .may_without(name, "UPDATE", table, Some(&instead))
                .await
            {
                needed.insert(Right::new(table, Verb::Update(column.clone())));
            }
        }
        if needed.is_empty() || self.locks(name, table, &needed).await {
            needed.insert(Right::new(table, Verb::Lock));
        }
        needed
    }

    /// Where it changes columns, locking needs nothing more: this tells the case in which it does not.
    async fn locks(&mut self, name: &str, table: &str, changed: &BTreeSet<Right>) -> bool {
        let columns: Vec<&str> = changed
            .iter()
            .filter_map(|right| match &right.verb {
                Verb::Update(column) => Some(column.as_str()),
                Verb::Select | Verb::Insert | Verb::Delete | Verb::Lock | Verb::Other(_) => None,
            })
            .collect();
        let instead = format!("GRANT UPDATE ({}) ON {table}", columns.join(", "));
        !self
            .may_without(name, "UPDATE", table, Some(&instead))
            .await
    }

    async fn prepare(&mut self, statement: &str) -> String {
        self.statements += 1;
        let name = format!("statement_{}", self.statements);
        self.run(&format!("PREPARE {name} AS {statement}"))
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        let parameters: i32 = sqlx::query_scalar(
            "SELECT cardinality(parameter_types)::integer FROM pg_prepared_statements WHERE name = $1",
        )
        .bind(&name)
        .fetch_one(&mut self.owner)
        .await
        .unwrap();
        let nothing = vec!["NULL"; usize::try_from(parameters).unwrap()].join(", ");
        if nothing.is_empty() {
            name
        } else {
            format!("{name} ({nothing})")
        }
    }

    async fn may_without(
        &mut self,
        name: &str,
        verb: &str,
        table: &str,
        instead: Option<&str>,
    ) -> bool {
        self.run(&format!(
            "SAVEPOINT denied; REVOKE {verb} ON {table} FROM {}",
            self.role
        ))
        .await
        .unwrap();
        if let Some(grant) = instead {
            self.run(&format!("{grant} TO {}", self.role))
                .await
                .unwrap();
        }
        let may = self.may(name).await;
        self.run("ROLLBACK TO SAVEPOINT denied").await.unwrap();
        may
    }

    async fn may(&mut self, name: &str) -> bool {
        self.run(&format!("SAVEPOINT asked; SET LOCAL ROLE {}", self.role))
            .await
            .unwrap();
        let answer = self.run(&format!("EXPLAIN EXECUTE {name}")).await;
        self.run("ROLLBACK TO SAVEPOINT asked").await.unwrap();
        match answer {
            Ok(()) => true,
            Err(error) => {
                let code = error.as_database_error().and_then(|error| error.code());
                assert_eq!(code.as_deref(), Some("42501"), "{name}: {error}");
                false
            }
        }
    }

    async fn run(&mut self, statements: &str) -> Result<(), sqlx::Error> {
        let statements = AssertSqlSafe(statements.to_owned());
        sqlx::raw_sql(statements)
            .execute(&mut self.owner)
            .await
            .map(drop)
    }
}
