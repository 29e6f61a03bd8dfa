//! Looking around.

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use reqwest::Method;
use serde_json::Value;

use super::answers::{a_page, a_product, text};
use super::{Market, think};

/// A variant that the shop says it has.
pub(super) struct Wish {
    pub(super) variant: String,
    /// In kobo.
    pub(super) price: i64,
}

impl Market {
    /// Reads lists, categories and a product or two.
    pub(super) async fn browse(&self, rng: &mut Rng) -> anyhow::Result<()> {
        match rng.u8(0..6) {
            0 => self.see_categories().await,
            1 => self.turn_pages(rng).await,
            2 => self.search(rng).await,
            3 => self.is_alive().await,
            _ => self.choose(rng).await.map(drop),
        }
    }

    /// Chooses something that is in stock, from a list and its page.
    pub(super) async fn choose(&self, rng: &mut Rng) -> anyhow::Result<Wish> {
        let sort = ["newest", "price", "name"][rng.usize(0..3)];
        let page = self
            .client
            .read(&format!("/api/products?in_stock=true&sort={sort}&limit=20"))
            .await?;
        let items = a_page(&page)?;
        // Half of all customers want one of the first: some things sell out.
        let first = if rng.bool() { 3 } else { items.len() };
        let item = rng
            .choice(&items[..first.min(items.len())])
            .context("nothing is in stock")?;
        think(rng).await;
        let product = self.see_product(&text(item, "slug")?).await?;
        let variants = a_product(&product)?;
        let there: Vec<&Value> = variants
            .iter()
            .filter(|variant| variant["availability"] != "out_of_stock")
            .collect();
        // The last piece may have gone between the list and the page.
        let variant = rng
            .choice(there)
            .or_else(|| variants.first())
            .context("a product without variants")?;
        let price = variant["price"]["amount"].as_i64().context("a price")?;
        Ok(Wish {
            variant: text(variant, "id")?,
            price,
        })
    }

    /// Reads a product, and once more as a browser that has it.
    async fn see_product(&self, slug: &str) -> anyhow::Result<Value> {
        let path = format!("/api/products/{slug}");
        let answer = self
            .client
            .send(Method::GET, &path, |request| request)
            .await?
            .expect(200)?;
        let tag = answer.header("etag").context("a product without an ETag")?;
        let again = self
            .client
            .send(Method::GET, &path, |request| {
                request.header("if-none-match", tag)
            })
            .await?;
        // Stock may have moved in between: then it is another page.
        ensure!(
            again.status == 304 || again.status == 200,
            again.unexpected()
        );
        answer.json()
    }

    async fn see_categories(&self) -> anyhow::Result<()> {
        let tree = self.client.read("/api/categories").await?;
        let roots = tree["items"]
            .as_array()
            .context("categories without items")?;
        ensure!(!roots.is_empty(), "no category");
        Ok(())
    }

    async fn turn_pages(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let mut path = "/api/products?sort=price&limit=10".to_owned();
        for _ in 0..rng.u8(1..4) {
            let page = self.client.read(&path).await?;
            a_page(&page)?;
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/products?sort=price&limit=10&cursor={cursor}");
            think(rng).await;
        }
        Ok(())
    }

    async fn search(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let word = [
            "shirt",
            "sandals",
            "blue",
            "phone",
            "rice",
            "nothing-like-it",
        ][rng.usize(0..6)];
        let page = self
            .client
            .read(&format!("/api/products?q={word}&sort=relevance"))
            .await?;
        a_page(&page).map(drop)
    }

    async fn is_alive(&self) -> anyhow::Result<()> {
        self.client.read("/api/health").await.map(drop)
    }
}
