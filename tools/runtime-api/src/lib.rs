//! Drives functions.
