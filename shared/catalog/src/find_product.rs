//! Finding one product.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{Availability, Fault, Kind, Money, ProductId, Slug, VariantId};
use serde::Deserialize;

use crate::related::related;
use crate::store_product::{self, Found};
use crate::{CategoryRef, Image, ListedProduct};

/// A product on sale, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its identity.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What is to be said about it: plain text.
    pub description: String,
    /// The lowest price of its variants.
    pub price: Money,
    /// What that variant cost before.
    pub compare_at_price: Option<Money>,
    /// Where it stands in the catalogue.
    pub category: CategoryRef,
    /// The way there, from the top category to its own.
    pub breadcrumbs: Vec<CategoryRef>,
    /// What its variants differ in, in the shop's order.
    pub options: Vec<ProductOption>,
    /// Its variants on sale, in the shop's order.
    pub variants: Vec<ProductVariant>,
    /// Its pictures, in the shop's order.
    pub images: Vec<Image>,
    /// What else there is of its kind, at most [`crate::RELATED`].
    pub related: Vec<ListedProduct>,
    /// Counts up with each change.
    pub version: i64,
    /// Since when it is on sale.
    pub published_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// Something that variants differ in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProductOption {
    /// Its name, such as `Size`.
    pub name: String,
    /// What it can be.
    pub values: Vec<String>,
}

/// A variant on sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductVariant {
    /// Its identity.
    pub id: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// What a piece costs.
    pub price: Money,
    /// What it cost before.
    pub compare_at_price: Option<Money>,
    /// Whether it can be had.
    pub availability: Availability,
    /// How many pieces are on the shelves and promised to nobody, at least 0; told only where staff want
    /// it told.
    pub quantity: Option<i64>,
    /// Counts up with each change.
    pub version: i64,
}

impl Product {
    /// The best that any of its variants offers.
    #[must_use]
    pub fn availability(&self) -> Availability {
        // Declared from the best to the worst.
        let offered = self.variants.iter().map(|variant| variant.availability);
        offered.min().unwrap_or(Availability::OutOfStock)
    }
}

/// Why a product is not found.
#[derive(Debug, thiserror::Error)]
pub enum FindProductError {
    /// There is none of this name, or it is not on sale.
    #[error("there is no such product on sale")]
    NotFound,
    /// The database.
    #[error("the product could not be read")]
    Database(#[from] DatabaseError),
}

impl Fault for FindProductError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Database(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Database(error) => error.code(),
        }
    }
}

/// The product on sale under a name. Four statements.
///
/// # Errors
/// [`FindProductError`].
pub async fn find_product(
    connection: &mut PgConnection,
    slug: &Slug,
) -> Result<Product, FindProductError> {
    let found = store_product::find(connection, slug).await?;
    let Found {
        mut product,
        category,
        show_quantity,
    } = found.ok_or(FindProductError::NotFound)?;
    product.variants = store_product::variants(connection, product.id, show_quantity).await?;
    product.related = related(connection, &product, category).await?;
    Ok(product)
}
