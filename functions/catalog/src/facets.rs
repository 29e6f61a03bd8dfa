//! The shape of a list's facets.

use catalog::{CategoryFacet, Facets, OptionFacet, PriceFacet, ValueFacet};
use edge::MoneyBody;
use serde::Serialize;
use utoipa::ToSchema;

/// What a list could be narrowed to.
///
/// A count is the number of products that the list would have if that value took the place of the
/// present values of the same filter, the other filters staying as they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facets)]
pub struct FacetsBody {
    /// How many products the list has.
    pub total: i64,
    /// Whether every product was counted. Where a category has 1,000 products or more, or a search finds
    /// more than it ranks, the counts are of the newest of them.
    pub exact: bool,
    /// How many products would be left with `in_stock`.
    pub in_stock: i64,
    /// Between which prices the products lie, the price filters aside.
    pub price: Option<PriceFacetBody>,
    /// The categories below the present one (or the top ones), without those that would be empty.
    pub categories: Vec<CategoryFacetBody>,
    /// The options of the products.
    pub options: Vec<OptionFacetBody>,
}

impl From<Facets> for FacetsBody {
    fn from(facets: Facets) -> Self {
        Self {
            total: facets.total,
            exact: facets.exact,
            in_stock: facets.in_stock,
            price: facets.price.map(PriceFacetBody::from),
            categories: facets
                .categories
                .into_iter()
                .map(CategoryFacetBody::from)
                .collect(),
            options: facets
                .options
                .into_iter()
                .map(OptionFacetBody::from)
                .collect(),
        }
    }
}

/// Between which prices the products lie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceFacet)]
pub struct PriceFacetBody {
    /// The lowest.
    pub min: MoneyBody,
    /// The highest.
    pub max: MoneyBody,
}

impl From<PriceFacet> for PriceFacetBody {
    fn from(PriceFacet { min, max }: PriceFacet) -> Self {
        Self {
            min: min.into(),
            max: max.into(),
        }
    }
}

/// A category to go down to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryFacet)]
pub struct CategoryFacetBody {
    /// Its name in addresses.
    #[schema(example = "shoes")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shoes")]
    pub name: String,
    /// How many products it would leave.
    pub count: i64,
}

impl From<CategoryFacet> for CategoryFacetBody {
    fn from(CategoryFacet { slug, name, count }: CategoryFacet) -> Self {
        Self { slug, name, count }
    }
}

/// An option of the products.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OptionFacet)]
pub struct OptionFacetBody {
    /// Its name.
    #[schema(example = "Size")]
    pub name: String,
    /// Its values, the most frequent first.
    pub values: Vec<ValueFacetBody>,
}

impl From<OptionFacet> for OptionFacetBody {
    fn from(OptionFacet { name, values }: OptionFacet) -> Self {
        Self {
            name,
            values: values.into_iter().map(ValueFacetBody::from).collect(),
        }
    }
}

/// A value of an option.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValueFacet)]
pub struct ValueFacetBody {
    /// The value.
    #[schema(example = "42")]
    pub value: String,
    /// How many products it would leave.
    pub count: i64,
}

impl From<ValueFacet> for ValueFacetBody {
    fn from(ValueFacet { value, count }: ValueFacet) -> Self {
        Self { value, count }
    }
}
