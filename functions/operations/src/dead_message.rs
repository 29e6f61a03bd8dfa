//! How a dead message looks to staff.

use chrono::{DateTime, Utc};
use database::dead::{Decision, Parked};
use desk::dead::DeadMessage;
use domain::{DeadMessageState, Event};
use messaging::Envelope;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest type that is shown, in characters: ours have some twenty, a stranger's may be a book.
const LONGEST_TYPE: usize = 100;
/// The longest error that is shown, in characters.
const LONGEST_ERROR: usize = 2_000;
/// The longest id of a request, in characters.
const LONGEST_CORRELATION: usize = 64;

/// A message that could not be worked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadMessage)]
pub struct DeadMessageBody {
    /// Names it when it is replayed or discarded.
    id: Uuid,
    /// The queue it came from.
    #[schema(example = "order_processing")]
    queue: String,
    /// `open`, `replayed` or `discarded`.
    #[schema(value_type = String, example = "open")]
    state: DeadMessageState,
    /// The message's own identity, the same on every attempt; null where it could not be read.
    #[schema(required)]
    message_id: Option<Uuid>,
    /// What it announced; null where it could not be read.
    #[serde(rename = "type")]
    #[schema(required, example = "order.paid")]
    event_type: Option<String>,
    /// The attempt that failed last, counted from 1 and on through every replay.
    attempt: i32,
    /// Why it could not be worked.
    error: String,
    /// When it was put aside.
    parked_at: DateTime<Utc>,
    /// Whether it can be replayed: it is open, and an event that some queue takes.
    replayable: bool,
    /// What it says, if it was understood; it names ids, never what they stand for.
    #[schema(required)]
    event: Option<EventBody>,
    /// Its bytes, which are not shown: what was not understood may hold anything.
    body: BytesBody,
    /// What staff decided; null while it is open.
    #[schema(required)]
    decision: Option<DecisionBody>,
}

/// An event as it was understood.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadMessageEvent)]
struct EventBody {
    version: u16,
    occurred_at: DateTime<Utc>,
    /// The request that caused it, as its `X-Request-Id` said.
    #[schema(required)]
    correlation_id: Option<String>,
    /// The fields of its type.
    #[schema(value_type = Object)]
    payload: Value,
}

/// Bytes by their size and hash, so that two messages can be told apart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadMessageBytes)]
struct BytesBody {
    bytes: i64,
    /// In hexadecimal digits.
    sha256: String,
}

/// What staff decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadMessageDecision)]
struct DecisionBody {
    at: DateTime<Utc>,
    /// The sign of the member of staff.
    by: String,
    /// Why it was discarded; null for a replay.
    #[schema(required)]
    reason: Option<String>,
}

impl From<DeadMessage> for DeadMessageBody {
    fn from(message: DeadMessage) -> Self {
        let event = message.event().map(EventBody::from);
        let (state, replayable) = (message.parked.state(), message.is_replayable());
        let Parked {
            id,
            queue,
            message_id,
            event_type,
            attempt,
            error,
            parked_at,
            size,
            sha256,
            body: _,
            decision,
        } = message.parked;
        Self {
            id,
            queue,
            state,
            message_id,
            event_type: event_type.map(|text| first(&text, LONGEST_TYPE)),
            attempt,
            error: first(&error, LONGEST_ERROR),
            parked_at,
            replayable,
            event,
            body: BytesBody {
                bytes: size,
                sha256,
            },
            decision: decision.map(DecisionBody::from),
        }
    }
}

impl From<(&Envelope, Event)> for EventBody {
    fn from((envelope, event): (&Envelope, Event)) -> Self {
        let plain = |text: &&String| {
            text.len() <= LONGEST_CORRELATION
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b))
        };
        Self {
            version: envelope.version,
            occurred_at: envelope.occurred_at,
            correlation_id: Some(&envelope.correlation_id).filter(plain).cloned(),
            // Written anew from what was understood: a field that its type does not have is not shown.
            payload: event.payload(),
        }
    }
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        Self {
            at: decision.at,
            by: decision.by,
            reason: decision.reason,
        }
    }
}

fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
