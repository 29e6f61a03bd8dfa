//! Messages to people.
//!
//! A use-case never sends anything: it [`request`]s a message in its own transaction, and
//! `send-notification` sends it. Invariants: one message for one occasion (the dedupe key is unique);
//! recipient and data are sealed at rest; before a provider is called the row says `sending`, so an
//! interrupted sending is known as one; a transactional message carries no promotion.
//!
//! This crate renders messages and knows their state. It does not send, and knows no provider.

mod activity;
mod content;
mod follow;
mod render;
mod request;
mod sending;
mod store;
mod store_activity;

pub use activity::{Activity, tell_staff};
pub use content::{
    Channel, Content, Letter, OrderFacts, OrderLineFacts, ProductFacts, Recipient, Returned,
};
pub use follow::{AT_FIRST, ActivityId, ActivityIdError, MOST_AT_ONCE, SeenActivity, follow};
pub use render::{Rendered, Shop, render};
pub use request::{NotificationError, request};
pub use sending::{Begun, Outcome, ToSend, begin_sending, finish_sending};

#[cfg(test)]
mod tests;
