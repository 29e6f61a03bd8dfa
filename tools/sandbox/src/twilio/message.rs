//! A message and what is known of it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock::rfc2822;

/// Where a message stands (§2), as far as one without a schedule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    Accepted,
    Sending,
    Sent,
    Delivered,
    Undelivered,
    Failed,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }
}

/// How a number ends what is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) end: Status,
    pub(super) error_code: Option<u32>,
}

impl Fate {
    /// By the ending of the number.
    pub(super) fn of(to: &str) -> Self {
        let undelivered = |code| Self {
            end: Status::Undelivered,
            error_code: Some(code),
        };
        match to.get(to.len().saturating_sub(4)..).unwrap_or_default() {
            "0003" => undelivered(30003),
            "0005" => undelivered(30005),
            "0007" => undelivered(30007),
            "0008" => Self {
                end: Status::Failed,
                error_code: Some(30008),
            },
            _ => Self {
                end: Status::Delivered,
                error_code: None,
            },
        }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) sid: String,
    pub(super) account_sid: String,
    pub(super) to: String,
    /// None when the sender is chosen from a service's pool.
    pub(super) from: Option<String>,
    pub(super) messaging_service_sid: Option<String>,
    pub(super) body: String,
    pub(super) segments: usize,
    pub(super) status: Status,
    pub(super) error_code: Option<u32>,
    pub(super) status_callback: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl Message {
    /// The resource (§1.2): counts as text, dates in RFC 2822, a price once it has been sent.
    pub(super) fn resource(&self) -> Value {
        let uri = format!(
            "/2010-04-01/Accounts/{}/Messages/{}",
            self.account_sid, self.sid
        );
        let billed = matches!(
            self.status,
            Status::Sent | Status::Delivered | Status::Undelivered
        );
        json!({
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_sent": rfc2822(self.created_at),
            "date_updated": rfc2822(self.updated_at),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": null,
            "from": self.from,
            "num_media": "0",
            "num_segments": self.segments.to_string(),
            "price": billed.then_some("-0.04000"),
            "price_unit": billed.then_some("USD"),
            "messaging_service_sid": self.messaging_service_sid,
            "sid": self.sid,
            "status": self.status.word(),
            "subresource_uris": { "media": format!("{uri}/Media.json") },
            "to": self.to,
            "uri": format!("{uri}.json")
        })
    }
}
