//! What staff do to the catalogue: products with their options and variants, categories, pictures, and
//! files of products that come in and go out.
//!
//! Invariants: each change names the version that it is made of and counts it up; the change, its row in
//! the audit log and its announcement are one commit; a product that was ever sold is archived, never
//! deleted; the tree of categories has no cycle, whoever moves what at the same time.
//!
//! It refuses to know how the catalogue is shown (`catalog`), how many pieces there are (`stock`), where
//! the bytes of pictures and files lie (`storage`), and copies.

mod announce;
pub mod category;
pub mod file;
pub mod image;
pub mod product;
pub mod variant;

#[cfg(test)]
mod tests;
