//! I6: no personal data and no secret in clear text.

use sqlx::PgConnection;

use crate::CheckError;
use crate::rule::{Report, Rule};

/// Looks for planted words (a customer's name, a street, a secret) in every row of every table, as
/// text and as bytes.
///
/// # Errors
/// [`CheckError`].
pub async fn check_canaries(
    connection: &mut PgConnection,
    canaries: &[&str],
) -> Result<Report, CheckError> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut violations = Vec::new();
    let mut checked = 0;
    for table in tables {
        for canary in canaries {
            let query = format!(
                "SELECT count(*), count(*) FILTER (WHERE position(lower($1) IN lower(t::text)) > 0
                                                   OR position($2 IN t::text) > 0)
                 FROM {table} t"
            );
            let (rows, hits): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(query))
                .bind(canary)
                .bind(hex::encode(canary))
                .fetch_one(&mut *connection)
                .await?;
            checked += rows;
            if hits > 0 {
                violations.push(format!("{table}: {hits} rows hold a planted word"));
            }
        }
    }
    let statement = "no personal data and no secret stands in clear text in the database";
    Ok(Report {
        rules: vec![Rule {
            invariant: "I6",
            statement,
            checked,
            violations,
        }],
    })
}
