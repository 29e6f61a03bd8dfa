//! Asking until there is an answer.

use std::time::Duration;

use domain::chain;
use redis::Cmd;
use tokio::time::{Instant, sleep};

use super::Link;

/// How long Redis is insisted upon.
const INSISTENCE: Duration = Duration::from_millis(500);
/// The connection at hand may be dead without anyone having said so: it is given this long.
const PATIENCE_WITH_THE_OLD: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);

/// What has become of something that Redis had to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Redis has confirmed it.
    Confirmed,
    /// Nobody listens at its address: there is no Redis that could have kept anything.
    NobodyThere,
    /// Neither; Redis may still carry it out later.
    Unknown,
}

impl Link {
    /// Tells Redis something that must not be lost: past the breaker, again and again, each time over
    /// a new connection, for at most half a second. The command must bear being carried out twice,
    /// and late: what was sent before a connection was given up may arrive yet.
    pub(crate) async fn insist(&self, command: &Cmd) -> Heard {
        let begun = Instant::now();
        let deadline = begun + INSISTENCE;
        let (mut number, mut connecting) = self.connection(None);
        let mut until = begun + PATIENCE_WITH_THE_OLD;
        let mut is_new = false;
        loop {
            let answer = self.ask_until(until, number, connecting, command).await;
            let Err(error) = answer else {
                return Heard::Confirmed;
            };
            // An older connection's refusal may be older than what is to be told.
            if is_new && error.is_nobody_there() {
                tracing::warn!("nobody listens at Redis' address");
                return Heard::NobodyThere;
            }
            if Instant::now() + PAUSE >= deadline {
                self.counters.error();
                tracing::warn!(error = chain(&error), "Redis does not confirm");
                return Heard::Unknown;
            }
            sleep(PAUSE).await;
            (number, connecting) = self.new_connection();
            (until, is_new) = (deadline, true);
        }
    }
}
