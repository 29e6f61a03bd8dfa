//! The catalogue: products with their variants and options, categories, and what is for sale.
//!
//! Invariants: only published products with a variant on sale are seen by customers; a price is read
//! here, on the server, and never taken from a client; a walk through a list by its cursors meets
//! each product that stays where it is once, forwards and back, whatever is changed meanwhile; a count of
//! a facet is what the list would have. This crate shows stock as a word (`in_stock` …), and as a number
//! only of products whose staff want it; who gets the last piece is `stock`'s matter.
//!
//! No read walks a table that grows: lists walk the index of their order, searches look as far back as
//! their words are frequent ([`RANKED`]), categories are counted by what changes have written down.
//! Triggers keep what is derived (migrations/0013, 0014, 0040), whoever writes.
//!
//! It refuses to know copies: whether an answer is kept somewhere, its caller decides.

mod category_tree;
mod compact_category_counts;
mod cursor;
mod facets;
mod filters;
mod find_category;
mod find_product;
mod for_sale;
mod list_products;
mod refresh_search;
mod related;
mod scope;
mod search;
mod search_text;
mod sort;
mod store;
mod store_categories;
mod store_dressed;
mod store_facets;
mod store_list;
mod store_narrow;
mod store_product;
mod store_related;
mod store_search;
mod store_window;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod window;

pub use category_tree::{CategoryNode, category_tree};
pub use compact_category_counts::compact_category_counts;
pub use cursor::Cursor;
pub use facets::{CategoryFacet, FACETS_OVER, Facets, OptionFacet, PriceFacet, ValueFacet, facets};
pub use filters::{FilterError, Filters, OptionName, OptionValue};
pub use find_category::{Category, CategorySummary, FindCategoryError, find_category};
pub use find_product::{FindProductError, Product, ProductOption, ProductVariant, find_product};
pub use for_sale::{ForSale, for_sale};
pub use list_products::{
    CategoryRef, Image, ListedProduct, PAGE_SIZES, ProductPage, ProductQuery, list_products,
};
pub use refresh_search::refresh_search;
pub use related::RELATED;
pub use scope::{Scope, scope};
pub use search_text::SearchText;
pub use sort::Sort;
pub use window::RANKED;

#[cfg(test)]
mod tests;
