//! When a message that failed for now is tried again.
//!
//! Exponential with *full* jitter: messages that failed together (their provider was down) must not
//! come back together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

use std::time::Duration;

/// After this many tries a message is parked: an hour on average, so that a provider that is down for
/// half an hour parks nothing. Attempts count on when staff replay it: it then has this many again.
pub const MAX_ATTEMPTS: u32 = 20;
/// The bound of the first wait; it doubles with each attempt.
pub const SHORTEST_BACKOFF: Duration = Duration::from_secs(2);
/// No wait is longer.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// Whether the given attempt (counted from 1) is the last before the message is parked.
#[cfg(feature = "lambda")]
pub(crate) const fn is_last(attempt: u32) -> bool {
    attempt > 0 && attempt.is_multiple_of(MAX_ATTEMPTS)
}

/// As which attempt a message that was parked on the given one begins anew. It is one that the message
/// cannot have had yet, so that nothing takes it for a repeat: neither the outbox, whose rows are
/// named by message and attempt, nor `dead_messages`, should it be parked again.
///
/// None where attempts can be counted no further.
#[must_use]
pub fn replayed_attempt(attempt: u32) -> Option<u32> {
    let rounds = attempt.max(1).div_ceil(MAX_ATTEMPTS);
    rounds.checked_mul(MAX_ATTEMPTS)?.checked_add(1)
}

/// The longest that the wait after the given attempt (counted from 1) can be.
pub fn longest_backoff(attempt: u32) -> Duration {
    let doublings = (attempt.saturating_sub(1) % MAX_ATTEMPTS).min(16);
    SHORTEST_BACKOFF
        .saturating_mul(1 << doublings)
        .min(LONGEST_BACKOFF)
}

/// The wait after the given attempt: anything up to its longest, chosen by `random`.
#[cfg(feature = "lambda")]
pub(crate) fn backoff(attempt: u32, random: u64) -> Duration {
    let longest = u64::try_from(longest_backoff(attempt).as_millis()).unwrap_or(u64::MAX - 1);
    Duration::from_millis(random % (longest + 1))
}

/// A random number for [`backoff`]; without the system's randomness, the longest wait.
#[cfg(feature = "lambda")]
pub(crate) fn random() -> u64 {
    use ring::rand::SecureRandom;
    let mut bytes = [0; 8];
    match ring::rand::SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(ring::error::Unspecified) => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_from_two_seconds_to_ten_minutes() {
        let bounds: Vec<u64> = (1..=12)
            .map(|attempt| longest_backoff(attempt).as_secs())
            .collect();
        assert_eq!(bounds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]);
        assert_eq!(longest_backoff(u32::MAX), LONGEST_BACKOFF);
        assert_eq!(longest_backoff(0), SHORTEST_BACKOFF);
    }

    #[test]
    fn a_replayed_message_begins_its_waits_anew_on_an_attempt_it_never_had() {
        let begun: Vec<_> = [0, 1, 19, 20, 21, 40]
            .into_iter()
            .map(replayed_attempt)
            .collect();
        assert_eq!(begun, [21, 21, 21, 21, 41, 41].map(Some));
        assert_eq!(replayed_attempt(u32::MAX), None);
        assert_eq!(longest_backoff(21), SHORTEST_BACKOFF);
        assert_eq!(longest_backoff(22), SHORTEST_BACKOFF * 2);
    }

    #[cfg(feature = "lambda")]
    #[test]
    fn every_round_of_attempts_has_a_last() {
        let last: Vec<u32> = (0..=60).filter(|attempt| is_last(*attempt)).collect();
        assert_eq!(last, [20, 40, 60]);
    }

    #[cfg(feature = "lambda")]
    #[test]
    fn the_wait_is_anything_from_nothing_to_its_bound() {
        assert_eq!(backoff(1, 0), Duration::ZERO);
        assert_eq!(backoff(1, 2_000), Duration::from_secs(2));
        assert_eq!(backoff(1, 2_001), Duration::ZERO);
        assert!((0..1_000).all(|_| backoff(3, random()) <= Duration::from_secs(8)));
    }
}
