//! The shop's rules: money, identities, contacts, stock, pricing, order and payment states, the
//! settlement decision, events, and what an error means.
//!
//! Invariant: a value of a type of this crate is valid; the only constructors are those that check.
//! Everything here is pure: no database, no network, no queue, no HTTP. Time enters through
//! [`Clock`], randomness through the `new` of the identities.

mod address;
mod catalogue;
mod cause;
mod change;
mod clock;
mod contact;
mod cursor;
mod event;
mod fault;
mod ids;
mod money;
mod options;
mod order;
mod order_number;
mod payment;
mod pricing;
mod product;
mod product_file;
mod quantity;
mod settlement;
mod shelf_price;
mod staff;
mod status;
mod stock;
mod text;

pub use address::{AddressError, DeliveryAddress, State};
pub use catalogue::{Availability, CatalogueWordError, Sku, Slug};
pub use cause::Cause;
pub use change::{Change, StaleVersion, Version};
pub use clock::Clock;
pub use contact::{ContactError, Customer, Email, PersonName, Phone};
pub use cursor::CursorError;
pub use event::{Event, EventError};
pub use fault::{Fault, Kind, Unreadable, chain};
pub use ids::{
    AdjustmentId, CategoryId, CustomerId, ExportId, ImageId, ImportId, LineId, LocationId,
    NotificationId, OrderId, PaymentId, ProductId, RefundId, VariantId, WebhookId,
};
pub use money::{Currency, Money, MoneyError};
pub use options::{
    Combination, CombinationError, OptionWish, OptionsError, ProductOption, ProductOptions,
    Rearrangement,
};
pub use order::{FulfilmentStatus, OrderStatus, PaymentStatus};
pub use order_number::{OrderNumber, OrderNumberError};
pub use payment::{
    AttemptStatus, Channel, Mode, PaymentReference, PaymentReferenceError, RefundReason,
    RefundStatus,
};
pub use pricing::{PricedLine, Totals, VAT_BASIS_POINTS, price_order};
pub use product::{
    CategoryName, Description, OptionName, OptionValue, ProductName, ProductStatus,
    ProductWordError, PublicationTime, SearchWords,
};
pub use product_file::{ExportStatus, ImportStatus};
pub use quantity::{Quantity, QuantityError};
pub use settlement::{Captured, Mismatch, Observation, Owed, Settlement, compare, settle};
pub use shelf_price::{ShelfPrice, ShelfPriceError};
pub use staff::{DeadMessageState, Permission, Reason, StaffError, StaffMember};
pub use status::ForbiddenMove;
pub use stock::{
    AdjustmentKind, Crossing, LocationName, MovementKind, Pieces, ReservationStatus, Shortage,
    StockLimit, StockValueError,
};
