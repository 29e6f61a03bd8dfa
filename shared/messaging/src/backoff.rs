//! When a message that failed for now is tried again.
//!
//! Exponential with *full* jitter: messages that failed together (their provider was down) must not
//! come back together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

use std::time::Duration;

/// After this many tries a message is parked: an hour on average, so that a provider that is down for
/// half an hour parks nothing.
pub const MAX_ATTEMPTS: u32 = 20;
/// The bound of the first wait; it doubles with each attempt.
pub const SHORTEST_BACKOFF: Duration = Duration::from_secs(2);
/// No wait is longer.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// The longest that the wait after the given attempt (counted from 1) can be.
pub fn longest_backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
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

    #[cfg(feature = "lambda")]
    #[test]
    fn the_wait_is_anything_from_nothing_to_its_bound() {
        assert_eq!(backoff(1, 0), Duration::ZERO);
        assert_eq!(backoff(1, 2_000), Duration::from_secs(2));
        assert_eq!(backoff(1, 2_001), Duration::ZERO);
        assert!((0..1_000).all(|_| backoff(3, random()) <= Duration::from_secs(8)));
    }
}
