//! `cargo dev bench`: the functions against the targets of the design.

pub(crate) mod build;
pub(crate) mod catalogue;
pub(crate) mod size;
