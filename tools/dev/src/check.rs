//! `cargo dev check`: the invariant checker over the running shop.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use invariants::Ledger;
use services::Reporter as _;
use sqlx::{Connection as _, PgConnection};

use crate::environment::Settings;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    in_motion: bool,
) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(workspace)?;
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    let mut database = PgConnection::connect(url)
        .await
        .context("is the shop running? (cargo dev)")?;
    let report = if in_motion {
        invariants::check(&mut database, None).await?
    } else {
        let ledger = ledger(&settings).await;
        if let Err(error) = &ledger {
            terminal.say(&format!("Without the stand-ins' ledger: {error:#}."));
        }
        invariants::check_at_rest(&mut database, ledger.ok().as_ref(), 0).await?
    };
    database.close().await?;
    print!("{report}");
    Ok(if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the stand-in for Paystack has captured and refunded since it was started.
async fn ledger(settings: &Settings) -> anyhow::Result<Ledger> {
    let url = format!(
        "http://127.0.0.1:{}/paystack/ledger",
        settings.ports()?.sandbox
    );
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .no_proxy()
        .build()?;
    let answer = client
        .get(url)
        .send()
        .await
        .context("the stand-ins do not answer")?;
    Ok(answer.error_for_status()?.json().await?)
}
