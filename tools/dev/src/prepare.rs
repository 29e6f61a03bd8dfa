//! Bringing database and broker to what the code expects.

use anyhow::Context as _;
use messaging::RabbitSettings;

use crate::environment::Settings;

/// Migrates and declares, as the functions `migrate` and `declare-queues` do at a deployment.
pub(crate) async fn migrate_and_declare(settings: &Settings) -> anyhow::Result<()> {
    migrate(settings).await?;
    let rabbit = settings.read(RabbitSettings::read)?;
    messaging::declare(&rabbit)
        .await
        .context("declaring the queues")
}

/// Applies the migrations that have not been applied.
pub(crate) async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    database::migrations::apply_to(url).await.context(
        "migrating the database (if a migration that had been applied here was edited: cargo dev reset)",
    )?;
    Ok(())
}
