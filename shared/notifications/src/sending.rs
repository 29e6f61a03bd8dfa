//! Sending a message once.

use chrono::TimeDelta;
use database::{DatabaseError, PgConnection};
use domain::{Cause, NotificationId};
use sealing::Sealer;

use crate::{Letter, NotificationError, store};

/// A row that has said `sending` for longer was interrupted: no provider call lasts that long.
const INTERRUPTED_AFTER: TimeDelta = TimeDelta::seconds(90);

/// What is to be done about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it was sent, or will never be.
    Done,
    /// Nothing now: somebody else is sending it.
    Busy,
    /// Send it; the row says so.
    Send(Box<ToSend>),
}

/// A message to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSend {
    /// To whom and what.
    pub letter: Letter,
    /// An earlier try may have reached the provider: look there before sending again.
    pub unclear_since: Option<chrono::DateTime<chrono::Utc>>,
    /// 1 the first time.
    pub attempt: i32,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it, under this id.
    Sent {
        /// The provider's id.
        provider_message_id: Option<String>,
    },
    /// It was surely not sent; later it may be.
    Later {
        /// Why.
        error: String,
    },
    /// It may or may not have been sent: the next try looks first.
    Unclear {
        /// Why.
        error: String,
    },
    /// It will never be sent.
    Never {
        /// Why.
        error: String,
    },
}

/// Takes a message on: its row says `sending` from here on, which is committed before any provider
/// is called.
///
/// # Errors
/// [`NotificationError`].
pub async fn begin_sending(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    id: NotificationId,
) -> Result<Begun, NotificationError> {
    let row = store::lock(&mut *connection, id).await?;
    let unclear_since = match (row.status.as_str(), row.sending_since) {
        ("sent" | "failed", _) => return Ok(Begun::Done),
        ("sending", Some(since)) if cause.at - since < INTERRUPTED_AFTER => return Ok(Begun::Busy),
        (_, since) => since,
    };
    let place = id.uuid();
    let recipient = sealer.open(store::place_of("recipient", &place), &row.recipient)?;
    let content = sealer.open(store::place_of("data", &place), &row.data)?;
    let attempt = store::mark_sending(connection, cause, id, unclear_since).await?;
    let letter = Letter { recipient, content };
    Ok(Begun::Send(Box::new(ToSend {
        letter,
        unclear_since,
        attempt,
    })))
}

/// Notes what came of it.
///
/// # Errors
/// [`DatabaseError`]; the row then says `sending` and is looked into later.
pub async fn finish_sending(
    connection: &mut PgConnection,
    cause: &Cause,
    id: NotificationId,
    outcome: &Outcome,
) -> Result<(), DatabaseError> {
    store::finish(connection, cause, id, outcome).await
}
