//! Products: made, changed, published, archived; and as staff read them.
//!
//! Whoever changes a product, or anything that hangs on it, first locks its row ([`lock`]) and then
//! reads what hangs on it: two changes of one product are made one after the other, and the second
//! finds that its version is a former one.

mod archive;
mod change;
mod create;
mod fault;
mod list;
mod lock;
mod read;
mod series;
mod store;

use chrono::{DateTime, Utc};
use domain::{
    CategoryId, Currency, Money, OptionName, OptionValue, ProductId, ProductOptions, ProductStatus,
};
use serde::Deserialize;

pub use archive::archive;
pub use change::{ChangeProduct, change};
pub use create::{NewProduct, NewVariants, create};
pub use fault::{ProductError, VariantFault};
#[cfg(test)]
pub(crate) use list::push_page;
pub use list::{Cursor, ListedProduct, PAGE_SIZES, ProductFilter, ProductPage, list};
pub(crate) use lock::{count_up, lock};
pub use read::find;
pub use series::Series;
pub(crate) use store::folded;

use crate::image::Image;
use crate::variant::Variant;

/// The most variants of a product, archived ones aside.
pub const MOST_VARIANTS: usize = 100;

/// A product as staff see it.
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
    /// Where it stands.
    pub category: CategoryLink,
    /// Whether customers see it.
    pub status: ProductStatus,
    /// From when on it is on sale once it is published; it may be to come.
    pub published_at: Option<DateTime<Utc>>,
    /// The currency of its prices.
    pub currency: Currency,
    /// The lowest price of its variants on sale; none without one.
    pub lowest_price: Option<Money>,
    /// Whether customers are told how many pieces there are.
    pub show_quantity: bool,
    /// What its variants differ in.
    pub options: ProductOptions,
    /// Its variants in the shop's order, archived ones too.
    pub variants: Vec<Variant>,
    /// Its pictures in the shop's order, those that are awaited too.
    pub images: Vec<Image>,
    /// Counts up with each change of it, its options, variants and pictures.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Product {
    /// Its variants that are not archived.
    pub fn live_variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().filter(|variant| variant.is_live())
    }

    /// What of it is written down when it changes.
    pub(crate) fn audited(&self) -> serde_json::Value {
        serde_json::json!({
            "slug": self.slug, "name": self.name, "description": self.description,
            "category_id": self.category.id, "status": self.status,
            "published_at": self.published_at, "currency": self.currency,
            "show_quantity": self.show_quantity, "options": self.options,
        })
    }
}

/// A category, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryLink {
    /// Its identity.
    pub id: CategoryId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A stored option of a product.
#[derive(Debug, Deserialize)]
pub(crate) struct StoredOption {
    name: String,
    values: Vec<String>,
}

impl StoredOption {
    /// As a checked option. A stored one is checked again: other releases may have written it.
    pub(crate) fn read(self) -> Result<domain::ProductOption, domain::Unreadable> {
        let values = self.values.iter().map(|value| read_value(value));
        Ok(domain::ProductOption {
            name: read_name(&self.name)?,
            values: values.collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) fn read_name(name: &str) -> Result<OptionName, domain::Unreadable> {
    OptionName::parse(name).map_err(|_| domain::Unreadable {
        what: "OptionName",
        word: name.to_owned(),
    })
}

pub(crate) fn read_value(value: &str) -> Result<OptionValue, domain::Unreadable> {
    OptionValue::parse(value).map_err(|_| domain::Unreadable {
        what: "OptionValue",
        word: value.to_owned(),
    })
}
