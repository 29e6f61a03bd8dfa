//! Categories and products, for tests. Stock is put on a shelf with `stock::testing`.

use chrono::{DateTime, Utc};
use database::PgConnection;
use domain::{CategoryId, ProductId, VariantId};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A category below another, or at the top; its slug is made of its name.
///
/// # Panics
/// Where the database refuses.
pub async fn a_category(
    connection: &mut PgConnection,
    name: &str,
    parent: Option<CategoryId>,
) -> CategoryId {
    let id = CategoryId::new();
    sqlx::query(
        "INSERT INTO categories (id, parent_id, slug, name, position, path)
         SELECT $1, $2, $3, $4, (SELECT count(*) FROM categories),
                coalesce((SELECT path FROM categories WHERE id = $2), '/') || $3 || '/'",
    )
    .bind(id.uuid())
    .bind(parent.map(CategoryId::uuid))
    .bind(slug(name))
    .bind(name)
    .execute(connection)
    .await
    .expect("a category");
    id
}

/// A product on sale since 1 January 2026; its slug is made of its name. It has one variant without
/// options, at 1,000.00, unless variants are given.
#[must_use]
pub fn a_product(name: &str, category: CategoryId) -> ProductBuilder {
    ProductBuilder {
        id: ProductId::new(),
        slug: slug(name),
        name: name.to_owned(),
        description: String::new(),
        category,
        status: "published",
        published_at: DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default(),
        options: Vec::new(),
        variants: Vec::new(),
        images: Vec::new(),
    }
}

/// A product that is not written yet.
#[derive(Debug, Clone)]
pub struct ProductBuilder {
    id: ProductId,
    slug: String,
    name: String,
    description: String,
    category: CategoryId,
    status: &'static str,
    published_at: DateTime<Utc>,
    options: Vec<(String, Vec<String>)>,
    variants: Vec<(Value, i64, Option<i64>)>,
    images: Vec<(String, String)>,
}

/// A product that was written, with its variants in order.
#[derive(Debug, Clone)]
pub struct WrittenProduct {
    /// Its identity.
    pub id: ProductId,
    /// Its variants.
    pub variants: Vec<VariantId>,
}

impl ProductBuilder {
    /// Another slug than the one made of its name.
    #[must_use]
    pub fn slug(mut self, slug: &str) -> Self {
        slug.clone_into(&mut self.slug);
        self
    }

    /// What is said about it.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// On sale since then.
    #[must_use]
    pub const fn published(mut self, at: DateTime<Utc>) -> Self {
        self.published_at = at;
        self
    }

    /// Not on sale: `draft` or `archived`.
    #[must_use]
    pub const fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    /// With a variant of these options (which become the product's), at a price in kobo.
    #[must_use]
    pub fn variant(self, options: &[(&str, &str)], price: i64) -> Self {
        self.reduced(options, price, None)
    }

    /// With a variant that cost more before.
    #[must_use]
    pub fn reduced(mut self, options: &[(&str, &str)], price: i64, before: Option<i64>) -> Self {
        let mut chosen = Map::new();
        for &(name, value) in options {
            chosen.insert(name.to_owned(), value.into());
            self.note(name, value);
        }
        self.variants.push((chosen.into(), price, before));
        self
    }

    fn note(&mut self, name: &str, value: &str) {
        let known = self.options.iter().position(|(known, _)| known == name);
        let known = known.unwrap_or_else(|| {
            self.options.push((name.to_owned(), Vec::new()));
            self.options.len() - 1
        });
        let values = &mut self.options[known].1;
        if !values.iter().any(|present| present == value) {
            values.push(value.to_owned());
        }
    }

    /// With a picture.
    #[must_use]
    pub fn image(mut self, url: &str, alt: &str) -> Self {
        self.images.push((url.to_owned(), alt.to_owned()));
        self
    }

    /// Writes it.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn insert(mut self, connection: &mut PgConnection) -> WrittenProduct {
        if self.variants.is_empty() {
            self = self.variant(&[], 100_000);
        }
        self.insert_product(connection).await;
        self.insert_parts(connection).await;
        let mut variants = Vec::new();
        for (position, (options, price, before)) in (0_i32..).zip(&self.variants) {
            let id = VariantId::new();
            sqlx::query(
                "INSERT INTO variants (id, product_id, sku, options, price, compare_at_price,
                     position)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(id.uuid())
            .bind(self.id.uuid())
            .bind(format!("{}-{position}", self.slug.to_uppercase()))
            .bind(options)
            .bind(price)
            .bind(before)
            .bind(position)
            .execute(&mut *connection)
            .await
            .expect("a variant");
            variants.push(id);
        }
        WrittenProduct {
            id: self.id,
            variants,
        }
    }

    async fn insert_product(&self, connection: &mut PgConnection) {
        sqlx::query(
            "INSERT INTO products (id, category_id, slug, name, description, status, published_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .bind(self.id.uuid())
        .bind(self.category.uuid())
        .bind(&self.slug)
        .bind(&self.name)
        .bind(&self.description)
        .bind(self.status)
        .bind(self.published_at)
        .execute(connection)
        .await
        .expect("a product");
    }

    async fn insert_parts(&self, connection: &mut PgConnection) {
        for (position, (name, values)) in (0_i16..).zip(&self.options) {
            sqlx::query("INSERT INTO product_options VALUES ($1, $2, $3, $4)")
                .bind(self.id.uuid())
                .bind(position)
                .bind(name)
                .bind(values)
                .execute(&mut *connection)
                .await
                .expect("an option");
        }
        for (position, (url, alt)) in (0_i32..).zip(&self.images) {
            sqlx::query(
                "INSERT INTO product_images (id, product_id, position, url, alt)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(Uuid::now_v7())
            .bind(self.id.uuid())
            .bind(position)
            .bind(url)
            .bind(alt)
            .execute(&mut *connection)
            .await
            .expect("a picture");
        }
    }
}

fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
