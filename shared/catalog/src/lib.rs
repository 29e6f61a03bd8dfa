//! The catalogue: products with their variants and options, categories, and what is for sale.
//!
//! Invariants: only published products with a variant on sale are seen by customers; a price is read
//! here, on the server, and never taken from a client; a walk through a list by its cursors meets
//! each product once, whatever is added meanwhile. This crate shows stock as a word (`in_stock` …),
//! never as a number; who gets the last piece is `stock`'s matter.
//!
//! It refuses to know copies: whether an answer is kept somewhere, its caller decides.

mod category_tree;
mod cursor;
mod facets;
mod filters;
mod find_product;
mod for_sale;
mod list_products;
mod sort;
mod store;
mod store_categories;
mod store_facets;
mod store_list;
mod store_product;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use category_tree::{CategoryNode, category_tree};
pub use cursor::Cursor;
pub use facets::{CategoryFacet, FACETS_OVER, Facets, OptionFacet, PriceFacet, ValueFacet, facets};
pub use filters::{FilterError, Filters, OptionName, OptionValue, SearchText};
pub use find_product::{FindProductError, Product, ProductOption, ProductVariant, find_product};
pub use for_sale::{ForSale, for_sale};
pub use list_products::{
    CategoryRef, Image, ListedProduct, PAGE_SIZES, ProductPage, ProductQuery, RANKED, list_products,
};
pub use sort::Sort;

#[cfg(test)]
mod tests;
