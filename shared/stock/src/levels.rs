//! What lies where, as staff list it.

use database::{DatabaseError, PgConnection};
use domain::{LocationId, ProductId, Sku, VariantId};

use crate::{Level, Page, store_lists};

/// Which levels are short, seen as a shopper sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// At or below their threshold, those with nothing on the shelf included.
    Low,
    /// With nothing on the shelf that is not promised.
    Out,
}

/// Which levels are asked for.
#[derive(Debug, Clone, Default)]
pub struct LevelsFilter {
    /// Only short ones, of variants on sale.
    pub short: Option<Short>,
    /// Only those at one location; else those at every active one.
    pub location: Option<LocationId>,
    /// Only of variants whose SKU begins so.
    pub sku: Option<Sku>,
}

/// A place in the list: after this SKU at this location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The last variant's SKU.
    pub sku: Sku,
    /// The last location.
    pub location: LocationId,
}

/// A level with what it is a level of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLevel {
    /// The variant.
    pub variant: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Its product.
    pub product: ProductId,
    /// Its product's name.
    pub product_name: String,
    /// The version of the variant's stock, for a change of its policy.
    pub version: i64,
    /// What lies there.
    pub level: Level,
}

/// Lists levels by SKU (in the order of its bytes) and location: `limit` of them that come after `after`.
/// Variants that are archived are listed while something of them lies or is promised somewhere.
///
/// A walk repeats none and skips none of those that were there when it began.
///
/// # Errors
/// [`DatabaseError`].
pub async fn levels(
    connection: &mut PgConnection,
    filter: &LevelsFilter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Page<ListedLevel>, DatabaseError> {
    let found = store_lists::levels(connection, filter, after, limit + 1).await?;
    Ok(Page::of(found, limit))
}
