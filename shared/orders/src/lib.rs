//! Orders: what was bought, by whom, where it goes, and the three statuses with their timeline.
//!
//! Invariants: everything an invoice prints is copied onto the order; its total adds up; each change
//! of a status follows the domain's table, is guarded by the locked row, and leaves a row in
//! `order_events`; the customer and the address are sealed, and found through keyed indexes only.
//!
//! This crate knows payments and stock by ids and amounts only; what joins them is `checkout`.

mod change;
mod deliver;
mod due;
mod keep;
mod lock;
mod new;
mod place;
mod read;
mod store;
mod store_read;

pub use change::{Change, ChangeError, change};
pub use deliver::{DeliveryRate, delivery_rate};
pub use due::{DueOrder, due};
pub use keep::keep_until;
pub use lock::{LockedOrder, lock};
pub use new::{NewLine, NewOrder};
pub use place::{PlaceError, place};
pub use read::{
    Order, OrderLine, OrderSummary, ReadError, TimelineEntry, bought, find, read, summary,
};

#[cfg(test)]
mod tests;
