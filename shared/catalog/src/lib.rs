//! The catalogue: products with their variants and options, categories, and what is for sale.
//!
//! Invariants: only published products with a variant on sale are seen by customers; a price is read
//! here, on the server, and never taken from a client. This crate shows stock as a word
//! (`in_stock` …); who gets the last piece is `stock`'s matter.

mod for_sale;
mod store;

pub use for_sale::{ForSale, for_sale};
