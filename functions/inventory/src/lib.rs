//! What the functions of the area `inventory` share: how their lists are asked for, where the next page
//! begins, how a change is read, and the shapes of the answers.
//!
//! Invariant: a cursor that somebody has made up is refused here and never reaches the database.

pub mod asked;
mod cursor;
mod patched;
pub mod shapes;

pub use cursor::Cursor;
pub use patched::{PRIORITIES, PriorityError, patched, priority};
