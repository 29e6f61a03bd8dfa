//! Every metric of the shop: its name, unit and dimension, once.
//!
//! Where something happens, it is counted by the macros of the `metrics` crate, after its commit:
//! `metrics::counter!(metric::SETTLEMENTS, "outcome" => "paid").increment(1)`. Without a recorder
//! that does nothing. infrastructure/observability.yaml has the alarms over these names,
//! docs/observability.md the table for people.

/// CloudWatch's namespace of all of them.
pub const NAMESPACE: &str = "MadRush";

/// A metric as CloudWatch knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// CloudWatch's word for its unit.
    pub unit: &'static str,
    /// What it is told apart by, if anything. Its values are words of the code, never anything that
    /// came from outside: each one is a metric of its own to CloudWatch, and to its bill.
    pub dimension: Option<&'static str>,
}

macro_rules! metrics {
    (@dimension) => { None };
    (@dimension $dimension:literal) => { Some($dimension) };
    ($( $(#[$meta:meta])* $constant:ident = $name:literal, $unit:literal $(, by $dimension:literal)?; )+) => {
        $( $(#[$meta])* pub const $constant: &str = $name; )+

        /// All of them.
        pub const ALL: &[Metric] = &[
            $( Metric { name: $name, unit: $unit, dimension: metrics!(@dimension $($dimension)?) } ),+
        ];
    };
}

metrics! {
    /// Look-ups that found a copy.
    CACHE_HITS = "cache_hits", "Count";
    /// Look-ups that found none, for whatever reason.
    CACHE_MISSES = "cache_misses", "Count";
    /// Operations on the cache that failed, took too long, or were not tried after such a failure.
    CACHE_UNAVAILABLE = "cache_unavailable", "Count";
    /// Credentials that an outside system refused, or signatures under keys we do not hold.
    CREDENTIALS_REFUSED = "credentials_refused", "Count", by "setting";
    /// Times that Postgres could not be reached, gave no connection in time, or broke off.
    DATABASE_UNAVAILABLE = "database_unavailable", "Count";
    /// Messages put aside that nobody has dealt with; a state, told by relay-outbox.
    DEAD_MESSAGES = "dead_messages", "Count";
    /// Messages to customers that will never be sent.
    NOTIFICATIONS_FAILED = "notifications_failed", "Count", by "channel";
    /// Messages put aside for staff.
    MESSAGES_PARKED = "messages_parked", "Count", by "queue";
    /// Messages that the broker has confirmed.
    MESSAGES_PUBLISHED = "messages_published", "Count";
    /// Messages to be tried again.
    MESSAGES_RESCHEDULED = "messages_rescheduled", "Count", by "queue";
    /// Orders whose money came, in full or more.
    ORDERS_PAID = "orders_paid", "Count";
    /// Orders placed.
    ORDERS_PLACED = "orders_placed", "Count";
    /// How long the oldest announcement that is due has waited; a state, told by relay-outbox.
    OUTBOX_AGE_SECONDS = "outbox_age_seconds", "Seconds";
    /// Calls to an outside system that got no answer, or one that says it cannot serve us.
    PROVIDER_ERRORS = "provider_errors", "Count", by "provider";
    /// How long calls to an outside system took, its errors included.
    PROVIDER_LATENCY_MS = "provider_latency_ms", "Milliseconds", by "provider";
    /// What became of attempts to pay, each counted once, when it is settled.
    SETTLEMENTS = "settlements", "Count", by "outcome";
    /// Webhooks without a signature that is ours to accept.
    WEBHOOKS_REFUSED = "webhooks_refused", "Count";
}

/// The metric of a name, if there is one.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_snake_case_and_stand_once() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        let is_snake = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(names.iter().all(|name| is_snake(name)));
    }
}
