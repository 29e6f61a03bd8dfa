//! Writing hundreds of thousands of products within minutes.
//!
//! One transaction, so that a run that is broken off leaves nothing half done. Within it triggers
//! rest (they would work each batch again) and, for many products, the indexes that enforce nothing
//! are dropped and made again: sorted once instead of grown row by row. What the triggers keep is
//! made by the same functions of the database.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use services::Reporter;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::growth::Growth;
use super::product::Product;
use super::write::{self, Derived};

/// Products in one statement.
const AT_ONCE: u32 = 4_000;

/// How far to grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// The number of grown products.
    pub(super) products: u32,
    /// From so many new products on, indexes are made anew rather than grown.
    pub(super) many: u64,
}

impl Size {
    pub(super) const fn of(products: u32) -> Self {
        Self {
            products,
            many: 50_000,
        }
    }
}

/// What is written to.
const TABLES: [&str; 6] = [
    "products",
    "product_options",
    "variants",
    "product_images",
    "stock_levels",
    "stock_movements",
];

/// Brings what the catalogue has grown by to at least so many products; answers how many were added.
#[expect(
    clippy::disallowed_methods,
    reason = "no request is served here, and nothing is cancelled"
)]
pub(super) async fn grow(
    database: &mut PgConnection,
    growth: &Arc<Growth>,
    Size { products, many }: Size,
    pictures: &str,
    reporter: &dyn Reporter,
) -> anyhow::Result<u64> {
    let present = count(database).await?;
    let many = u64::from(products).saturating_sub(present) >= many.max(present);
    let mut tx = database.begin().await?;
    tx.execute(UNHURRIED).await?;
    let derived = rest_triggers(&mut tx).await?;
    let dropped = if many {
        drop_indexes(&mut tx).await?
    } else {
        Vec::new()
    };
    let added = batches(&mut tx, growth, products, pictures, derived, reporter).await?;
    if derived == Derived::AtOnce && !added.is_empty() {
        reporter.detail("the categories' counts");
        count_products(&mut tx, &added)
            .await
            .context("the categories' counts")?;
    }
    for (name, definition) in dropped {
        reporter.detail(&format!("index {name}"));
        tx.execute(AssertSqlSafe(definition))
            .await
            .with_context(|| format!("index {name}"))?;
    }
    reporter.detail("commit");
    tx.commit().await?;
    if !added.is_empty() {
        tidy(database, reporter).await?;
    }
    Ok(added.len().try_into()?)
}

/// The limits of migrations/0007 are for requests. A generic plan would not know how long arrays are.
const UNHURRIED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1min';
    SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL maintenance_work_mem = '512MB';
    SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off;
    SET LOCAL synchronous_commit = off";

async fn count(database: &mut PgConnection) -> anyhow::Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM products")
        .fetch_one(database)
        .await?;
    Ok(u64::try_from(count)?)
}

/// Triggers and foreign keys rest until the transaction ends. Only a superuser may ask for that, as
/// in development; without it everything is written all the same, slowly.
async fn rest_triggers(tx: &mut PgConnection) -> anyhow::Result<Derived> {
    let superuser: bool =
        sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut *tx)
            .await?;
    if superuser {
        tx.execute("SET LOCAL session_replication_role = replica")
            .await?;
    }
    Ok(if superuser {
        Derived::AtOnce
    } else {
        Derived::ByTriggers
    })
}

/// The indexes that enforce nothing, gone; with what makes each again.
async fn drop_indexes(tx: &mut PgConnection) -> anyhow::Result<Vec<(String, String)>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
         FROM pg_index i
         WHERE i.indrelid = ANY($1::regclass[]) AND NOT i.indisunique
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
    )
    .bind(TABLES.map(str::to_owned).to_vec())
    .fetch_all(&mut *tx)
    .await?;
    for (name, _) in &indexes {
        tx.execute(AssertSqlSafe(format!("DROP INDEX {name}")))
            .await?;
    }
    Ok(indexes)
}

/// While the database writes a batch, the next is made.
async fn batches(
    tx: &mut PgConnection,
    growth: &Arc<Growth>,
    products: u32,
    pictures: &str,
    derived: Derived,
    reporter: &dyn Reporter,
) -> anyhow::Result<Vec<Uuid>> {
    let began = Instant::now();
    let mut added = Vec::new();
    let mut next = made(growth, 0, products);
    for first in (0..products).step_by(AT_ONCE as usize) {
        let batch = next.await?;
        let end = first.saturating_add(AT_ONCE).min(products);
        next = made(growth, end, products);
        let missing = missing(tx, batch).await?;
        if !missing.is_empty() {
            let written = write::products(tx, &missing, pictures, derived).await?;
            ensure!(
                written == u64::try_from(missing.len())?,
                "somebody else is adding products"
            );
            let ids: Vec<Uuid> = missing.iter().map(|product| product.id).collect();
            if derived == Derived::AtOnce {
                sqlx::query("SELECT learn_products($1)")
                    .bind(&ids)
                    .execute(&mut *tx)
                    .await
                    .context("words")?;
            }
            added.extend(ids);
        }
        let seconds = began.elapsed().as_secs();
        reporter.detail(&format!("{end} of {products} products after {seconds} s"));
    }
    Ok(added)
}

fn made(growth: &Arc<Growth>, first: u32, products: u32) -> JoinHandle<Vec<Product>> {
    let growth = Arc::clone(growth);
    let numbers = first..first.saturating_add(AT_ONCE).min(products);
    tokio::task::spawn_blocking(move || numbers.map(|number| growth.product(number)).collect())
}

/// Those whose address nobody has yet.
async fn missing(tx: &mut PgConnection, batch: Vec<Product>) -> anyhow::Result<Vec<Product>> {
    let slugs: Vec<&str> = batch.iter().map(|product| product.slug.as_str()).collect();
    let taken: Vec<String> = sqlx::query_scalar("SELECT slug FROM products WHERE slug = ANY($1)")
        .bind(slugs)
        .fetch_all(tx)
        .await?;
    let taken: std::collections::HashSet<String> = taken.into_iter().collect();
    Ok(batch
        .into_iter()
        .filter(|product| !taken.contains(&product.slug))
        .collect())
}

/// As the triggers of migrations/0014 count.
async fn count_products(tx: &mut PgConnection, added: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO category_counts (category_id, effective_at, delta)
         SELECT category_id, seen_from(published_at), count(*)
         FROM products
         WHERE id = ANY($1) AND status = 'published' AND lowest_price IS NOT NULL
         GROUP BY 1, 2",
    )
    .bind(added)
    .execute(tx)
    .await?;
    Ok(())
}

/// What the planner knows of the tables, and which of their pages all can see.
async fn tidy(database: &mut PgConnection, reporter: &dyn Reporter) -> anyhow::Result<()> {
    database
        .execute("SET statement_timeout = 0; SET maintenance_work_mem = '512MB'")
        .await?;
    for table in TABLES
        .iter()
        .chain(&["categories", "category_counts", "search_words"])
    {
        reporter.detail(&format!("statistics of {table}"));
        database
            .execute(AssertSqlSafe(format!("VACUUM (ANALYZE) {table}")))
            .await?;
    }
    Ok(())
}
