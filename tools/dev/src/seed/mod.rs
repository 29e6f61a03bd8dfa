//! A believable Nigerian catalogue for development: `cargo dev seed`.
//!
//! Everything is derived from `catalogue.toml` and `grown.toml`, from hashes of slugs and from the
//! number of a product: ids, prices, stock and dates are the same on every machine, and running it
//! again adds only what is missing. The hand-made products come first and stay what they are; beyond
//! them the catalogue grows as catalogues do.

mod bulk;
mod catalogue;
mod dice;
mod growth;
mod names;
mod product;
mod rates;
mod sown;
mod write;

use std::sync::Arc;

use anyhow::Context as _;
use services::Reporter;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::environment::Settings;
use crate::prepare;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use bulk::Size;
use catalogue::Catalogue;
use growth::Growth;

/// As many as `catalogue.toml` holds.
pub(crate) const DEFAULT_PRODUCTS: u32 = 232;

/// `cargo dev seed`: migrates first, so that it also works on an empty database.
pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    products: u32,
) -> anyhow::Result<()> {
    let settings = Settings::load(workspace)?;
    let step = terminal.step("Catalogue");
    prepare::migrate(&settings)
        .await
        .context("is the shop running? (cargo dev)")?;
    let added = fill(&settings, products, &step).await?;
    step.say(&format!("{added} products added."));
    step.done();
    Ok(())
}

/// Brings the catalogue to at least this many products; answers how many were added.
pub(crate) async fn fill(
    settings: &Settings,
    products: u32,
    reporter: &dyn Reporter,
) -> anyhow::Result<u64> {
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    fill_at(url, &pictures(settings)?, products, reporter).await
}

/// Where the stand-ins draw products' pictures.
pub(crate) fn pictures(settings: &Settings) -> anyhow::Result<String> {
    Ok(format!(
        "http://localhost:{}/images",
        settings.ports()?.sandbox
    ))
}

/// [`fill`] for a database by its address, with pictures below another.
pub(crate) async fn fill_at(
    url: &str,
    pictures: &str,
    products: u32,
    reporter: &dyn Reporter,
) -> anyhow::Result<u64> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL")?;
    // Its statements are as long as what they write.
    let options = options.disable_statement_logging();
    let mut database = options.connect().await.context("Postgres")?;
    let catalogue = Catalogue::load()?;
    let mut added = write::hand_made(&mut database, &catalogue, pictures).await?;
    let more = products.saturating_sub(DEFAULT_PRODUCTS);
    if more > 0 {
        let growth = Arc::new(Growth::load(&catalogue)?);
        write::kinds(&mut database, &catalogue, &growth).await?;
        added += bulk::grow(&mut database, &growth, Size::of(more), pictures, reporter).await?;
    }
    database.close().await?;
    Ok(added)
}

#[cfg(test)]
mod tests;
