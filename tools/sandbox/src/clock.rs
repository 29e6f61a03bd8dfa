//! The one door to the time, as the providers print it.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

/// The present.
#[expect(
    clippy::disallowed_methods,
    reason = "a provider's clock is its own: the stand-ins must not share the shop's Clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// ISO 8601 in UTC with milliseconds, as Paystack writes it (`2024-08-22T09:15:02.000Z`).
pub(crate) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// RFC 2822, as Twilio writes it (`Thu, 24 Aug 2023 05:01:45 +0000`).
pub(crate) fn rfc2822(at: DateTime<Utc>) -> String {
    at.to_rfc2822()
}

/// A moment, `minutes` after another.
pub(crate) fn minutes_after(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    at + Duration::minutes(minutes)
}
