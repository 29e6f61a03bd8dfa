//! Products: made, changed, published, archived.
