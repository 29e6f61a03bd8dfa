//! A believable Nigerian catalogue for development: `cargo dev seed`.
//!
//! Everything is derived from `catalogue.toml` and from hashes of slugs: ids, prices, stock and
//! dates are the same on every machine, and running it again adds only what is missing.

mod catalogue;
mod rates;
mod sown;
mod write;

use anyhow::Context as _;
use services::Reporter as _;
use sqlx::{Connection as _, PgConnection};

use crate::environment::Settings;
use crate::prepare;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use catalogue::Catalogue;

/// As many as `catalogue.toml` holds.
pub(crate) const DEFAULT_PRODUCTS: usize = 232;

/// Products in one transaction: the database ends statements after ten seconds.
const AT_ONCE: usize = 500;

/// `cargo dev seed`: migrates first, so that it also works on an empty database.
pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    products: usize,
) -> anyhow::Result<()> {
    let settings = Settings::load(workspace)?;
    let step = terminal.step("Catalogue");
    prepare::migrate(&settings)
        .await
        .context("is the shop running? (cargo dev)")?;
    let added = fill(&settings, products).await?;
    step.say(&format!("{added} products added."));
    step.done();
    Ok(())
}

/// Brings the catalogue to at least this many products; answers how many were added.
pub(crate) async fn fill(settings: &Settings, products: usize) -> anyhow::Result<u64> {
    let url = settings
        .get("DATABASE_URL")
        .context("DATABASE_URL is missing")?;
    let pictures = format!("http://localhost:{}/images", settings.ports()?.sandbox);
    fill_at(url, &pictures, products).await
}

/// [`fill`] for a database by its address, with pictures below another.
pub(crate) async fn fill_at(url: &str, pictures: &str, products: usize) -> anyhow::Result<u64> {
    let mut database = PgConnection::connect(url).await.context("Postgres")?;
    let catalogue = Catalogue::load()?;
    write::frame(&mut database, &catalogue).await?;
    let all = catalogue.products(products.max(DEFAULT_PRODUCTS));
    let mut added = 0;
    for some in all.chunks(AT_ONCE) {
        added += write::products(&mut database, some, pictures).await?;
    }
    database.close().await?;
    Ok(added)
}

#[cfg(test)]
mod tests;
