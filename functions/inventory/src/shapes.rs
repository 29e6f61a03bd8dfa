//! The shapes that the inventory answers with.

use chrono::{DateTime, Utc};
use domain::{Availability, MovementKind, ReservationStatus};
use serde::Serialize;
use stock::{Level, ListedLevel, Location, Movement, Page, ReservedPieces, VariantStock};
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    /// A page whose next one begins after the last item, if there is more.
    pub fn of<I: Into<T>>(page: Page<I>, place: impl FnOnce(&I) -> String) -> Self {
        let last = page.items.last().filter(|_| page.more);
        let next_cursor = last.map(place);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
        }
    }
}

/// Something by its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockNamed)]
pub struct NamedBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name.
    #[schema(example = "Main shelf")]
    pub name: String,
}

/// What lies of a variant at one location, in pieces.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockLevel)]
pub struct LevelBody {
    /// Where.
    pub location: NamedBody,
    /// On the shelf.
    pub on_hand: i64,
    /// Promised to orders.
    pub reserved: i64,
    /// On the shelf and not promised; negative where backorders were taken.
    pub available: i64,
    /// How far below the shelf orders may go.
    pub backorder_limit: i64,
    /// At or below this many available pieces it counts as low.
    pub low_stock_threshold: i64,
    /// What that means to a shopper.
    #[schema(value_type = String, pattern = "^(in_stock|low_stock|backorder|out_of_stock)$")]
    pub availability: Availability,
}

impl From<Level> for LevelBody {
    fn from(level: Level) -> Self {
        Self {
            location: NamedBody {
                id: level.location.uuid(),
                name: level.location_name,
            },
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.on_hand - level.reserved,
            backorder_limit: level.backorder_limit,
            low_stock_threshold: level.low_stock_threshold,
            availability: level.availability,
        }
    }
}

/// What lies of which variant at one location.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockItem)]
pub struct ListedLevelBody {
    /// The variant.
    pub variant_id: Uuid,
    /// The merchant's name of it.
    #[schema(example = "ANK-SHIRT-42")]
    pub sku: String,
    /// Its product.
    pub product: NamedBody,
    /// The version of the variant's stock: for `If-Match` when its policy is set.
    pub version: i64,
    #[serde(flatten)]
    level: LevelBody,
}

impl From<ListedLevel> for ListedLevelBody {
    fn from(listed: ListedLevel) -> Self {
        Self {
            variant_id: listed.variant.uuid(),
            sku: listed.sku,
            product: NamedBody {
                id: listed.product.uuid(),
                name: listed.product_name,
            },
            version: listed.version,
            level: listed.level.into(),
        }
    }
}

/// What lies of a variant at all its locations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VariantStock)]
pub struct VariantStockBody {
    /// The variant.
    pub variant_id: Uuid,
    /// The merchant's name of it.
    #[schema(example = "ANK-SHIRT-42")]
    pub sku: String,
    /// Counts up with each change of its policy.
    pub version: i64,
    /// In the order in which orders are filled.
    pub levels: Vec<LevelBody>,
}

impl From<VariantStock> for VariantStockBody {
    fn from(stock: VariantStock) -> Self {
        Self {
            variant_id: stock.variant.uuid(),
            sku: stock.sku,
            version: stock.version,
            levels: stock.levels.into_iter().map(LevelBody::from).collect(),
        }
    }
}

/// A line of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockMovement)]
pub struct MovementBody {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Why a counter moved.
    #[schema(value_type = String, pattern = "^(received|adjusted|reserved|released|shipped|returned)$")]
    pub kind: MovementKind,
    /// The variant.
    pub variant_id: Uuid,
    /// The merchant's name of it.
    pub sku: String,
    /// Where.
    pub location: NamedBody,
    /// By how many pieces the shelf changed.
    pub on_hand: i64,
    /// By how many pieces the promises changed.
    pub reserved: i64,
    /// The order it was for.
    #[schema(required)]
    pub order_id: Option<Uuid>,
    /// The adjustment it belongs to.
    #[schema(required)]
    pub adjustment_id: Option<Uuid>,
    /// Why, where staff said so.
    #[schema(required)]
    pub reason: Option<String>,
    /// The member of staff's sign, or the function that did it.
    pub actor: String,
}

impl From<Movement> for MovementBody {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id,
            at: movement.at,
            kind: movement.kind,
            variant_id: movement.variant.uuid(),
            sku: movement.sku,
            location: NamedBody {
                id: movement.location.uuid(),
                name: movement.location_name,
            },
            on_hand: movement.on_hand,
            reserved: movement.reserved,
            order_id: movement.order.map(domain::OrderId::uuid),
            adjustment_id: movement.adjustment.map(domain::AdjustmentId::uuid),
            reason: Some(movement.reason).filter(|reason| !reason.is_empty()),
            actor: movement.actor,
        }
    }
}

/// Pieces that are promised to an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockReservation)]
pub struct ReservationBody {
    /// To which order.
    pub order_id: Uuid,
    /// Of which variant.
    pub variant_id: Uuid,
    /// The merchant's name of it.
    pub sku: String,
    /// Where.
    pub location: NamedBody,
    /// How many.
    pub quantity: i64,
    /// `held` for an order that awaits its money, `committed` for one that is paid or paid on delivery.
    #[schema(value_type = String, pattern = "^(held|committed)$")]
    pub status: ReservationStatus,
    /// Since when it has this status.
    pub since: DateTime<Utc>,
}

impl From<ReservedPieces> for ReservationBody {
    fn from(reserved: ReservedPieces) -> Self {
        Self {
            order_id: reserved.order.uuid(),
            variant_id: reserved.variant.uuid(),
            sku: reserved.sku,
            location: NamedBody {
                id: reserved.location.uuid(),
                name: reserved.location_name,
            },
            quantity: reserved.quantity,
            status: reserved.status,
            since: reserved.since,
        }
    }
}

/// A place where stock lies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name.
    #[schema(example = "Main shelf")]
    pub name: String,
    /// Orders are filled from the lowest first.
    pub priority: i32,
    /// Whether orders are filled from it. One that is not holds nothing.
    pub active: bool,
    /// Counts up with each change.
    pub version: i64,
}

impl From<Location> for LocationBody {
    fn from(location: Location) -> Self {
        Self {
            id: location.id.uuid(),
            name: location.name,
            priority: location.priority,
            active: location.active,
            version: location.version,
        }
    }
}
