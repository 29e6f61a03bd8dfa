//! Variants: made, changed, archived.
//!
//! A variant is never deleted: orders, stock and movements name it, and its SKU stands on shelves and
//! invoices. It is archived instead. Its combination of options is then free for another; its SKU stays
//! its own, and whoever makes a variant of the same product with that SKU gets this one back.

mod archive;
mod change;
mod check;
mod create;
pub(crate) mod store;

use chrono::{DateTime, Utc};
use database::PgConnection;
use domain::{Combination, Money, ProductId, ShelfPrice, Sku, VariantId};
use serde_json::{Value, json};

pub use archive::archive;
pub use change::{ChangeVariant, change};
pub use check::{WeightError, check, weight};
pub use create::create;

use crate::product::{self, Product, ProductError};

/// What is ordered: one combination of a product's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its identity, by which it is ordered.
    pub id: VariantId,
    /// What it is a variant of.
    pub product: ProductId,
    /// The merchant's name of it.
    pub sku: String,
    /// Its values of the product's options.
    pub options: Combination,
    /// What a piece costs.
    pub price: Money,
    /// What it is said to have cost.
    pub compare_at_price: Option<Money>,
    /// What a piece weighs, in grams.
    pub weight_grams: i32,
    /// Its place among the product's variants, the lowest first.
    pub position: i32,
    /// Since when it is not sold any more.
    pub archived_at: Option<DateTime<Utc>>,
    /// Counts up with each change of it.
    pub version: i64,
}

impl Variant {
    /// Whether it is sold.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.archived_at.is_none()
    }

    /// What of it is written down when it changes.
    pub(crate) fn audited(&self) -> Value {
        json!({
            "product_id": self.product, "sku": self.sku, "options": self.options,
            "price": self.price, "compare_at_price": self.compare_at_price,
            "weight_grams": self.weight_grams, "position": self.position,
            "archived_at": self.archived_at,
        })
    }
}

/// A variant to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVariant {
    /// The merchant's name of it.
    pub sku: Sku,
    /// Its values of the product's options.
    pub options: Combination,
    /// What a piece costs, and is said to have cost.
    pub price: ShelfPrice,
    /// What a piece weighs, in grams ([`weight`]).
    pub weight_grams: i32,
    /// Its place; none for the last.
    pub position: Option<i32>,
}

/// Locks the product of a variant and reads both.
async fn lock(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<(Product, Variant), ProductError> {
    let product = store::product_of(connection, variant).await?;
    let product = product::lock(connection, product.ok_or(ProductError::NotFound)?).await?;
    with(product, variant)
}

/// Reads a product and one of its variants.
async fn read(
    connection: &mut PgConnection,
    product: ProductId,
    variant: VariantId,
) -> Result<(Product, Variant), ProductError> {
    let product = product::find(connection, product).await?;
    with(product, variant)
}

fn with(product: Product, variant: VariantId) -> Result<(Product, Variant), ProductError> {
    let found = product.variants.iter().find(|known| known.id == variant);
    let found = found.cloned().ok_or(ProductError::NotFound)?;
    Ok((product, found))
}
