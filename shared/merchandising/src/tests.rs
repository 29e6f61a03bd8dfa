//! The use-cases on a real database.

mod categories;
mod lists;
mod moves;
mod options;
mod products;
mod shop;
mod variants;
