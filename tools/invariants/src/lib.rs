//! What must hold in the shop, always, whatever has happened to it (design/quality.md): one checker
//! for tests, benchmarks and `cargo dev check`.
//!
//! [`check`] reads one snapshot (`REPEATABLE READ`), so it can run beside a shop that serves. What is
//! true only once the shop has come to rest is asked by [`check_at_rest`]. Each rule counts what it
//! looked at: a rule that looked at nothing has shown nothing, and the report says so.

mod history;
mod ledger;
mod money;
mod orders;
mod personal;
mod rest;
mod rule;
mod stock;

use database::PgConnection;
use sqlx::{Connection as _, Executor as _};

pub use ledger::{Ledger, LedgerCapture, LedgerRefund};
pub use personal::check_canaries;
pub use rule::{Report, Rule};

/// The checker could not look.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The database.
    #[error("the database could not be read")]
    Database(#[from] sqlx::Error),
}

/// Checks what must hold at every moment: stock (I1), money (I2), orders and keys (I3), histories
/// (I4). With the provider's ledger, also that the two agree about every captured reference; that is
/// asked of a shop at rest, since money may be on its way between the two.
///
/// # Errors
/// [`CheckError`] where the database cannot be read; a broken rule is in the report.
pub async fn check(
    connection: &mut PgConnection,
    ledger: Option<&Ledger>,
) -> Result<Report, CheckError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a snapshot to read from, on a plain connection"
    )]
    let mut tx = connection.begin().await?;
    tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let mut rules = Vec::new();
    rules.extend(stock::rules(&mut tx).await?);
    rules.extend(money::rules(&mut tx).await?);
    if let Some(ledger) = ledger {
        rules.extend(ledger::rules(&mut tx, ledger).await?);
    }
    rules.extend(orders::rules(&mut tx).await?);
    rules.extend(history::rules(&mut tx).await?);
    tx.rollback().await?;
    Ok(Report { rules })
}

/// Checks, beside [`check`], what must hold once the shop has had 60 s without faults: everything
/// announced is delivered, nothing waits past its time, no session holds a transaction open, and the
/// only dead messages are the `poison` ones that were put in on purpose.
///
/// # Errors
/// [`CheckError`] where the database cannot be read.
pub async fn check_at_rest(
    connection: &mut PgConnection,
    ledger: Option<&Ledger>,
    poison: i64,
) -> Result<Report, CheckError> {
    let mut report = check(&mut *connection, ledger).await?;
    report.rules.extend(rest::rules(connection, poison).await?);
    Ok(report)
}

#[cfg(test)]
mod tests;
