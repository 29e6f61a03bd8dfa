//! What a list could be narrowed to, with counts.

use database::{DatabaseError, PgConnection};
use domain::Money;

use crate::window::{self, Reach};
use crate::{Filters, Scope, store_facets};

/// Facets are counted over this many products of a category, the newest, or over what a search ranks
/// ([`crate::RANKED`]); in a larger scope the counts are of those ([`Facets::exact`] is false), so that
/// they cost the same at a million products as at a thousand.
pub const FACETS_OVER: i64 = 1_000;

/// The most options, and the most values of each, that are answered: those with the most products.
pub(crate) const MOST_OPTIONS: usize = 20;
pub(crate) const MOST_VALUES: usize = 100;

/// What a list could be narrowed to.
///
/// A count is the number of products that the list would have if that value took the place of the
/// present values of the same filter, the other filters staying as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facets {
    /// How many products the list has.
    pub total: i64,
    /// Whether every product was counted.
    pub exact: bool,
    /// How many of them would be left with `in_stock`.
    pub in_stock: i64,
    /// The lowest and the highest price, without the price filters; of products in naira.
    pub price: Option<PriceFacet>,
    /// The categories below the present one (or the top ones), in the shop's order; without those
    /// that would be empty.
    pub categories: Vec<CategoryFacet>,
    /// The options of the products, by name.
    pub options: Vec<OptionFacet>,
}

/// Between which prices the products lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceFacet {
    /// The lowest.
    pub min: Money,
    /// The highest.
    pub max: Money,
}

/// A category to go down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryFacet {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// How many products it would leave, those of its descendants included.
    pub count: i64,
}

/// An option of the products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionFacet {
    /// Its name.
    pub name: String,
    /// Its values, the most frequent first.
    pub values: Vec<ValueFacet>,
}

/// A value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFacet {
    /// The value.
    pub value: String,
    /// How many products it would leave.
    pub count: i64,
}

/// The facets of a list. One statement, and one more for a search; independent of the page and the order,
/// so that one copy of them serves every page.
///
/// # Errors
/// [`DatabaseError`].
pub async fn facets(
    connection: &mut PgConnection,
    filters: &Filters,
    scope: &Scope,
) -> Result<Facets, DatabaseError> {
    let since = match &scope.words {
        // Each facet leaves its own filter aside, so that the search alone decides how far it looks.
        Some(_) => window::since(connection, &Filters::default(), scope, Reach::default()).await?,
        None => None,
    };
    let counts = store_facets::counts(connection, filters, scope, since).await?;
    counts.into_facets(since.is_none())
}
