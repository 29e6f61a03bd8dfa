//! Files of products: imports and exports.
