//! The use-cases over a real database.
