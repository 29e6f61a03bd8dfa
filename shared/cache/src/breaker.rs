//! Keeps a function from asking a dead Redis on every call.
//!
//! After a failure nothing is asked for a second, after the next for two, up to fifteen. Then one
//! operation is let through as a probe, and decides for the others.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Instant>,
    probing: bool,
}

/// Leave to ask once. It must be told how it went; one that is dropped without a word (its request
/// was cancelled) lets the next be the probe.
#[derive(Debug)]
pub(crate) struct Permit<'a>(Option<&'a Breaker>);

impl Breaker {
    /// Leave to ask, unless Redis has just failed.
    pub(crate) fn permit(&self, now: Instant) -> Option<Permit<'_>> {
        let mut state = self.lock();
        if let Some(until) = state.closed_until {
            if now < until || state.probing {
                return None;
            }
            state.probing = true;
        }
        Some(Permit(Some(self)))
    }

    fn succeeded(&self) {
        *self.lock() = State::default();
    }

    fn failed(&self, now: Instant) {
        let mut state = self.lock();
        // Of several operations that were under way together, each failure must not count again.
        let counted = state.closed_until.is_some_and(|until| now < until) && !state.probing;
        if !counted {
            state.closed_until = Some(now + pause(state.failures));
            state.failures = state.failures.saturating_add(1);
            state.probing = false;
        }
    }

    fn abandoned(&self) {
        self.lock().probing = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << failures.min(8))
        .min(LONGEST_PAUSE)
}

impl Permit<'_> {
    pub(crate) fn succeeded(mut self) {
        if let Some(breaker) = self.0.take() {
            breaker.succeeded();
        }
    }

    pub(crate) fn failed(mut self, now: Instant) {
        if let Some(breaker) = self.0.take() {
            breaker.failed(now);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(breaker) = self.0.take() {
            breaker.abandoned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail_at(breaker: &Breaker, at: Instant) {
        breaker.permit(at).unwrap().failed(at);
    }

    #[test]
    fn pauses_double_from_a_second_to_fifteen_and_end_with_a_success() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for seconds in [1, 2, 4, 8, 15, 15] {
            fail_at(&breaker, now);
            let pause = Duration::from_secs(seconds);
            assert!(
                breaker
                    .permit(now + pause - Duration::from_millis(1))
                    .is_none(),
                "{seconds}"
            );
            now += pause;
        }
        breaker.permit(now).unwrap().succeeded();
        assert!(breaker.permit(now).is_some() && breaker.permit(now).is_some());
        fail_at(&breaker, now);
        assert!(
            breaker.permit(now + FIRST_PAUSE).is_some(),
            "it begins with a second again"
        );
    }

    #[test]
    fn one_probe_at_a_time_and_an_abandoned_one_is_replaced() {
        let breaker = Breaker::default();
        let now = Instant::now();
        fail_at(&breaker, now);
        let later = now + FIRST_PAUSE;
        let probe = breaker.permit(later).unwrap();
        assert!(breaker.permit(later).is_none());
        drop(probe);
        assert!(breaker.permit(later).is_some());
    }

    #[test]
    fn operations_that_fail_together_count_once() {
        let breaker = Breaker::default();
        let now = Instant::now();
        let together: Vec<_> = (0..10).map(|_| breaker.permit(now).unwrap()).collect();
        together.into_iter().for_each(|permit| permit.failed(now));
        assert!(breaker.permit(now + FIRST_PAUSE).is_some());
    }
}
