//! A rule and what it found.

use std::fmt;

use sqlx::{FromRow, PgConnection};

use crate::CheckError;

/// What one rule looked at and found.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `I1` … `I6`, as in design/quality.md.
    pub invariant: &'static str,
    /// What must hold.
    pub statement: &'static str,
    /// How many things were looked at.
    pub checked: i64,
    /// What does not hold, one line each.
    pub violations: Vec<String>,
}

/// What all rules found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Each rule.
    pub rules: Vec<Rule>,
}

impl Report {
    /// Whether every rule holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.rules.iter().all(|rule| rule.violations.is_empty())
    }

    /// Fails a test with everything that does not hold.
    ///
    /// # Panics
    /// Where a rule does not hold.
    pub fn assert_holds(&self) {
        assert!(self.holds(), "broken invariants:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            let verdict = match (rule.violations.len(), rule.checked) {
                (0, 0) => "nothing to check".to_owned(),
                (0, checked) => format!("holds for {checked}"),
                (broken, checked) => format!("BROKEN {broken} of {checked}"),
            };
            writeln!(f, "{}  {:<72} {verdict}", rule.invariant, rule.statement)?;
            for violation in rule.violations.iter().take(20) {
                writeln!(f, "      {violation}")?;
            }
        }
        Ok(())
    }
}

#[derive(FromRow)]
struct Found {
    checked: i64,
    violations: Option<Vec<String>>,
}

/// Runs a rule written in SQL: a query over the things it looks at, with a column `violation` that is
/// null where the rule holds.
pub(crate) async fn rule(
    connection: &mut PgConnection,
    invariant: &'static str,
    statement: &'static str,
    things: &'static str,
) -> Result<Rule, CheckError> {
    let query = format!(
        "SELECT count(*) AS checked,
                array_agg(violation) FILTER (WHERE violation IS NOT NULL) AS violations
         FROM ({things}) AS things"
    );
    let found: Found = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .fetch_one(connection)
        .await?;
    let violations = found.violations.unwrap_or_default();
    Ok(Rule {
        invariant,
        statement,
        checked: found.checked,
        violations,
    })
}
