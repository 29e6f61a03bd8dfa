//! What the functions of the area `catalog` share: what a public read opens, how its answer is kept,
//! how a list is asked for, and the shapes of the answers.
//!
//! Invariant: a read of the catalogue shows every change that was answered before it began; without
//! Redis it answers from the database, only slower.

pub mod admin;
pub mod asked;
pub mod facets;
pub mod files;
pub mod images;
mod management;
mod reader;
pub mod shapes;
pub mod sync;
pub mod upload;

pub use management::Management;
pub use reader::{KEPT_FOR, Reader, json, raw};
