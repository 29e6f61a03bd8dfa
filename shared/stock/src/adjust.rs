//! Adjusting stock by hand.

use std::collections::{BTreeMap, BTreeSet};

use database::audit::Change;
use database::{DatabaseError, PgConnection, audit};
use domain::{
    AdjustmentId, AdjustmentKind, Cause, Fault, Kind, LocationId, Pieces, Reason, VariantId,
};
use serde_json::json;

use crate::store_adjust::{self, Moved};

/// A shelf, and by how many pieces it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustLine {
    /// Of which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// By how many.
    pub pieces: Pieces,
}

/// What staff found, received or lost.
#[derive(Debug, Clone)]
pub struct Adjust {
    /// Groups the movements.
    pub id: AdjustmentId,
    /// Which of the three.
    pub kind: AdjustmentKind,
    /// Why, in their words.
    pub reason: Reason,
    /// At least one; each shelf once.
    pub lines: Vec<AdjustLine>,
}

/// An adjustment as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// In the order that was asked for.
    pub lines: Vec<AdjustedLine>,
}

/// A shelf after the adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustedLine {
    /// Of which variant.
    pub variant: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Where.
    pub location: LocationId,
    /// By how many pieces it has changed.
    pub pieces: i64,
    /// On the shelf now.
    pub on_hand: i64,
    /// Promised to orders now.
    pub reserved: i64,
}

/// A line that asks for more than may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// Its place in the list.
    pub line: usize,
    /// On the shelf.
    pub on_hand: i64,
    /// Promised to orders.
    pub reserved: i64,
    /// How far below the shelf orders may go.
    pub backorder_limit: i64,
    /// What it asked for.
    pub pieces: i64,
}

impl Shortfall {
    /// The stable word for it: the shelf would be below nothing, or below what is promised.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        if self.on_hand + self.pieces < 0 {
            "below_zero"
        } else {
            "below_reserved"
        }
    }
}

/// Why stock was not adjusted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdjustError {
    /// Nobody knows these variants; the places of their lines.
    #[error("{} of the lines name no variant", .0.len())]
    UnknownVariants(Vec<usize>),
    /// Nobody knows these locations; the places of their lines.
    #[error("{} of the lines name no location", .0.len())]
    UnknownLocations(Vec<usize>),
    /// These locations take nothing in while they are closed; the places of their lines.
    #[error("{} of the lines put stock into a location that is not active", .0.len())]
    Inactive(Vec<usize>),
    /// More would go than may.
    #[error("{} of the lines take more from a shelf than may go", .0.len())]
    Short(Vec<Shortfall>),
    /// The database.
    #[error("stock could not be adjusted")]
    Database(#[from] DatabaseError),
}

impl Fault for AdjustError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownVariants(_) | Self::UnknownLocations(_) => Kind::Invalid,
            Self::Inactive(_) | Self::Short(_) => Kind::Conflict,
            Self::Database(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariants(_) => "unknown_variant",
            Self::UnknownLocations(_) => "unknown_location",
            Self::Inactive(_) => "location_inactive",
            Self::Short(short) => short.first().map_or("below_reserved", Shortfall::code),
            Self::Database(error) => error.code(),
        }
    }
}

/// Makes every line of an adjustment or none: the counters, their movements, the audit row and
/// `stock.changed` for each variant, in the caller's transaction. A shelf that there was none of yet is
/// made. Not idempotent: the caller holds a key, or does it once.
///
/// # Errors
/// [`AdjustError`]; the caller gives its transaction up.
pub async fn adjust(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &Adjust,
) -> Result<Adjusted, AdjustError> {
    let skus = know(&mut *connection, wish).await?;
    let touched: BTreeSet<VariantId> = wish.lines.iter().map(|line| line.variant).collect();
    crate::announce(&mut *connection, cause, touched).await?;
    store_adjust::make_levels(&mut *connection, &wish.lines).await?;
    let moved = store_adjust::adjust(&mut *connection, cause, wish).await?;
    let moved: BTreeMap<_, _> = moved.iter().map(|m| (m.shelf(), m)).collect();
    let lines = wish.lines.iter().enumerate();
    let placed: Vec<(usize, &AdjustLine, &Moved)> = lines
        .filter_map(|(place, line)| {
            let shelf = (line.variant, line.location);
            Some((place, line, *moved.get(&shelf)?))
        })
        .collect();
    let short: Vec<Shortfall> = placed.iter().filter_map(short).collect();
    if !short.is_empty() {
        return Err(AdjustError::Short(short));
    }
    let adjusted = Adjusted {
        lines: placed
            .iter()
            .map(|(_, line, moved)| adjusted(line, moved, &skus))
            .collect(),
    };
    write_down(connection, cause, wish, &adjusted).await?;
    Ok(adjusted)
}

/// Every line must name what there is. Locks the locations against being closed meanwhile.
async fn know(
    connection: &mut PgConnection,
    wish: &Adjust,
) -> Result<BTreeMap<VariantId, String>, AdjustError> {
    let skus = store_adjust::skus(&mut *connection, &wish.lines).await?;
    let open = store_adjust::lock_locations(connection, &wish.lines).await?;
    let places = |wrong: &dyn Fn(&AdjustLine) -> bool| -> Vec<usize> {
        let lines = wish.lines.iter().enumerate();
        lines
            .filter(|(_, line)| wrong(line))
            .map(|(place, _)| place)
            .collect()
    };
    let unknown = places(&|line| !skus.contains_key(&line.variant));
    if !unknown.is_empty() {
        return Err(AdjustError::UnknownVariants(unknown));
    }
    let unknown = places(&|line| !open.contains_key(&line.location));
    if !unknown.is_empty() {
        return Err(AdjustError::UnknownLocations(unknown));
    }
    let closed = places(&|line| line.pieces.get() > 0 && open.get(&line.location) == Some(&false));
    if !closed.is_empty() {
        return Err(AdjustError::Inactive(closed));
    }
    Ok(skus)
}

fn short((place, line, moved): &(usize, &AdjustLine, &Moved)) -> Option<Shortfall> {
    (!moved.allowed).then_some(Shortfall {
        line: *place,
        on_hand: moved.on_hand,
        reserved: moved.reserved,
        backorder_limit: moved.backorder_limit,
        pieces: line.pieces.get(),
    })
}

fn adjusted(line: &AdjustLine, moved: &Moved, skus: &BTreeMap<VariantId, String>) -> AdjustedLine {
    AdjustedLine {
        variant: line.variant,
        sku: skus.get(&line.variant).cloned().unwrap_or_default(),
        location: line.location,
        pieces: line.pieces.get(),
        on_hand: moved.on_hand + line.pieces.get(),
        reserved: moved.reserved,
    }
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &Adjust,
    adjusted: &Adjusted,
) -> Result<(), DatabaseError> {
    let shelves = |on_hand: fn(&AdjustedLine) -> i64| -> Vec<_> {
        let lines = adjusted.lines.iter();
        lines
            .map(|line| {
                json!({ "variant_id": line.variant, "location_id": line.location,
                        "on_hand": on_hand(line) })
            })
            .collect()
    };
    let before = json!({ "lines": shelves(|line| line.on_hand - line.pieces) });
    let after = json!({
        "kind": wish.kind,
        "reason": wish.reason.as_str(),
        "lines": shelves(|line| line.on_hand),
    });
    let change = Change {
        action: "stock.adjusted",
        entity: "stock_adjustment",
        id: wish.id.uuid(),
        before: Some(before),
        after: Some(after),
    };
    audit::record(connection, cause, &change).await
}
