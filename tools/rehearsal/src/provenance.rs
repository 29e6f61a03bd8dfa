//! Who began what: requests by the version that answered them, messages by the version that worked
//! them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::version::Side;

/// Remembers which version took each request, and counts which version worked the messages that
/// came of it. A message carries its request's id as the correlation id.
#[derive(Default)]
pub(crate) struct Provenance {
    requests: Mutex<HashMap<String, Side>>,
    worked: Mutex<Worked>,
}

/// Messages by who began them (`None`: a schedule) and who worked them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Worked {
    began_by: [[u64; 2]; 2],
    scheduled: [u64; 2],
}

impl Worked {
    /// Messages that one version began and the other worked.
    #[must_use]
    pub fn crossed(&self, began_by: Side) -> u64 {
        self.began_by[began_by.index()][began_by.other().index()]
    }
}

impl fmt::Display for Worked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<28} {:>12} {:>12}",
            "messages", "worked by N", "by N+1"
        )?;
        for side in Side::BOTH {
            let [former, next] = self.began_by[side.index()];
            writeln!(
                f,
                "{:<28} {former:>12} {next:>12}",
                format!("  of requests to {side}")
            )?;
        }
        let [former, next] = self.scheduled;
        writeln!(f, "{:<28} {former:>12} {next:>12}", "  of schedules")
    }
}

impl Provenance {
    pub(crate) fn took(&self, request: &str, side: Side) {
        locked(&self.requests).insert(request.to_owned(), side);
    }

    /// Counts the messages of a batch that was worked.
    pub(crate) fn worked(&self, event: &Value, side: Side) {
        let queues = event["rmqMessagesByQueue"]
            .as_object()
            .into_iter()
            .flatten();
        let messages = queues.flat_map(|(_, messages)| messages.as_array().into_iter().flatten());
        for message in messages {
            let began =
                correlation(message).and_then(|id| locked(&self.requests).get(&id).copied());
            let mut worked = locked(&self.worked);
            match began {
                Some(began) => worked.began_by[began.index()][side.index()] += 1,
                None => worked.scheduled[side.index()] += 1,
            }
        }
    }

    pub(crate) fn counts(&self) -> Worked {
        *locked(&self.worked)
    }
}

fn correlation(message: &Value) -> Option<String> {
    let body = STANDARD.decode(message["data"].as_str()?).ok()?;
    let envelope: Value = serde_json::from_slice(&body).ok()?;
    envelope["correlation_id"].as_str().map(str::to_owned)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
