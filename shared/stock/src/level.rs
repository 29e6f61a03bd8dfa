//! What lies of a variant, and where.

use domain::{Availability, LocationId, VariantId};

/// What lies of a variant at one location, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Where.
    pub location: LocationId,
    /// Its name.
    pub location_name: String,
    /// On the shelf.
    pub on_hand: i64,
    /// Promised to orders.
    pub reserved: i64,
    /// How far below the shelf orders may go.
    pub backorder_limit: i64,
    /// At or below this many available pieces staff are told.
    pub low_stock_threshold: i64,
    /// What that means to a shopper.
    pub availability: Availability,
}

/// What lies of a variant at all its locations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantStock {
    /// Which.
    pub variant: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Counts up with each change of a policy.
    pub version: i64,
    /// The locations, in the order in which orders are filled from them.
    pub levels: Vec<Level>,
}
