//! Files of products: imports and exports (docs/imports.md).
//!
//! A file is read and written in chunks. Invariant: what a chunk does and how far the file is worked are
//! one commit, under a lock of the file's own row; so a chunk is done once, whoever is interrupted where
//! and however many work at a time. Where a chunk ends depends on the file's bytes alone.

mod apply;
mod cell;
mod column;
pub mod export;
pub mod import;
mod row;
mod shelf;
mod store_export;
mod store_import;
mod store_shelf;
mod window;
mod write;

pub use apply::Tally;
pub use cell::{amount, decimal, guarded, plain};
pub use column::{COLUMNS, Column, Header, HeaderError};
pub use row::RowError;
pub use window::{Chunk, Found, LONGEST_RECORD, Place, Record, TooLong, Window};
