//! Variants and options of products.
