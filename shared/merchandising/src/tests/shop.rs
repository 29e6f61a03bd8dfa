//! A shop of each test's own, and what staff do in it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use database::Transaction;
use database::testing::TestDatabase;
use domain::{
    CategoryId, CategoryName, Cause, Change, Combination, Currency, Description, Money, OptionName,
    OptionValue, ProductName, ProductOption, ProductOptions, ProductStatus, ShelfPrice, Sku,
    Version,
};
use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::category::{self, Category, CategoryError, ChangeCategory, NewCategory};
use crate::product::{self, ChangeProduct, NewProduct, NewVariants, Product, ProductError};
use crate::variant::{self, ChangeVariant, NewVariant, Variant};

pub(super) struct Shop {
    pub(super) db: TestDatabase,
}

/// So many seconds into 2026.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::seconds(seconds)
}

pub(super) fn cause() -> Cause {
    Cause::new(at(0), "ada", "req-1")
}

pub(super) fn combination(values: &[(&str, &str)]) -> Combination {
    let pair = |(name, value): &(&str, &str)| {
        let name = OptionName::parse(name).unwrap();
        (name, OptionValue::parse(value).unwrap())
    };
    Combination::new(values.iter().map(pair).collect::<BTreeMap<_, _>>())
}

pub(super) fn option(name: &str, values: &[&str]) -> ProductOption {
    let value = |value: &&str| OptionValue::parse(value).unwrap();
    ProductOption {
        name: OptionName::parse(name).unwrap(),
        values: values.iter().map(value).collect(),
    }
}

pub(super) fn naira(amount: i64) -> Money {
    Money::new(amount, Currency::Ngn).unwrap()
}

pub(super) fn price(amount: i64) -> ShelfPrice {
    ShelfPrice::new(naira(amount), None).unwrap()
}

pub(super) fn a_variant(sku: &str, options: &[(&str, &str)]) -> NewVariant {
    NewVariant {
        sku: sku.parse::<Sku>().unwrap(),
        options: combination(options),
        price: price(100_000),
        weight_grams: 0,
        position: None,
    }
}

/// A draft without options and variants.
pub(super) fn a_product(name: &str, category: CategoryId) -> NewProduct {
    NewProduct {
        name: ProductName::parse(name).unwrap(),
        slug: None,
        description: Description::default(),
        category,
        status: ProductStatus::Draft,
        published_at: None,
        currency: Currency::Ngn,
        show_quantity: false,
        options: ProductOptions::default(),
        variants: NewVariants::Chosen(Vec::new()),
    }
}

/// A shirt in two sizes and two colours, of which there are three.
pub(super) fn a_shirt(category: CategoryId) -> NewProduct {
    let options = vec![
        option("Size", &["M", "L"]),
        option("Colour", &["Indigo", "Red"]),
    ];
    NewProduct {
        options: ProductOptions::new(options).unwrap(),
        variants: NewVariants::Chosen(vec![
            a_variant("SHIRT-1", &[("Size", "M"), ("Colour", "Indigo")]),
            a_variant("SHIRT-2", &[("Size", "L"), ("Colour", "Indigo")]),
            a_variant("SHIRT-3", &[("Size", "M"), ("Colour", "Red")]),
        ]),
        ..a_product("Ankara shirt", category)
    }
}

impl Shop {
    pub(super) async fn open() -> Self {
        let db = TestDatabase::create().await;
        Self { db }
    }

    pub(super) async fn begin(&self) -> Transaction {
        self.db.database.begin().await.unwrap()
    }

    /// A category at the top, without its announcement.
    pub(super) async fn category(&self, name: &str) -> CategoryId {
        let category = self.make_category(name, None).await.unwrap();
        self.db.execute("DELETE FROM outbox").await;
        category.id
    }

    pub(super) async fn make_category(
        &self,
        name: &str,
        parent: Option<CategoryId>,
    ) -> Result<Category, CategoryError> {
        let new = NewCategory {
            name: CategoryName::parse(name).unwrap(),
            slug: None,
            parent,
            position: None,
        };
        let mut tx = self.begin().await;
        let made = category::create(&mut tx, &cause(), new).await?;
        tx.commit().await.unwrap();
        Ok(made)
    }

    pub(super) async fn change_category(
        &self,
        category: &Category,
        change: ChangeCategory,
    ) -> Result<Category, CategoryError> {
        let mut tx = self.begin().await;
        let version = Version(category.version);
        let changed = category::change(&mut tx, &cause(), category.id, version, change).await?;
        tx.commit().await.unwrap();
        Ok(changed)
    }

    pub(super) async fn move_category(
        &self,
        category: &Category,
        parent: Option<&Category>,
    ) -> Result<Category, CategoryError> {
        let parent = parent.map_or(Change::Clear, |parent| Change::Set(parent.id));
        let change = ChangeCategory {
            parent,
            ..ChangeCategory::default()
        };
        self.change_category(category, change).await
    }

    pub(super) async fn make(&self, new: NewProduct) -> Result<Product, ProductError> {
        let mut tx = self.begin().await;
        let made = product::create(&mut tx, &cause(), new).await?;
        tx.commit().await.unwrap();
        Ok(made)
    }

    pub(super) async fn change(
        &self,
        product: &Product,
        change: ChangeProduct,
    ) -> Result<Product, ProductError> {
        let mut tx = self.begin().await;
        let version = Version(product.version);
        let changed = product::change(&mut tx, &cause(), product.id, version, change).await?;
        tx.commit().await.unwrap();
        Ok(changed)
    }

    pub(super) async fn add(
        &self,
        product: &Product,
        new: NewVariant,
    ) -> Result<(Product, Variant), ProductError> {
        let mut tx = self.begin().await;
        let made = variant::create(&mut tx, &cause(), product.id, new).await?;
        tx.commit().await.unwrap();
        Ok(made)
    }

    pub(super) async fn change_variant(
        &self,
        variant: &Variant,
        change: ChangeVariant,
    ) -> Result<(Product, Variant), ProductError> {
        let mut tx = self.begin().await;
        let version = Version(variant.version);
        let changed = variant::change(&mut tx, &cause(), variant.id, version, change).await?;
        tx.commit().await.unwrap();
        Ok(changed)
    }

    pub(super) async fn archive_variant(&self, variant: &Variant) -> Result<bool, ProductError> {
        let mut tx = self.begin().await;
        let version = Version(variant.version);
        let archived = variant::archive(&mut tx, &cause(), variant.id, version).await?;
        tx.commit().await.unwrap();
        Ok(archived)
    }

    /// The product as it is now.
    pub(super) async fn again(&self, product: &Product) -> Product {
        let mut connection = self.db.connect().await;
        product::find(&mut connection, product.id).await.unwrap()
    }

    /// The rows of a query, as JSON.
    pub(super) async fn rows(&self, query: &str) -> Vec<Value> {
        let query = format!("SELECT to_jsonb(row) FROM ({query}) row");
        sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_all(&mut self.db.connect().await)
            .await
            .unwrap()
    }

    /// What was announced since this was last asked.
    pub(super) async fn announced(&self) -> Vec<String> {
        self.db.take_announcements().await
    }
}
