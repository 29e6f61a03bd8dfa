//! What happened, phase by phase.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::version::Side;

/// Collects what the load sees; shared by all who look.
pub(crate) struct Record {
    phases: Mutex<Vec<Phase>>,
}

/// What happened in one phase.
#[derive(Debug, Clone)]
pub struct Phase {
    pub(crate) name: String,
    began: Instant,
    pub(crate) lasted: Duration,
    /// Of each answered request, in microseconds.
    pub(crate) latencies: Vec<u64>,
    /// Requests by the version that answered.
    pub(crate) by_side: [u64; 2],
    pub(crate) counts: [u64; 5],
    pub(crate) failures: Vec<String>,
}

/// What is counted beside requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Placed = 0,
    Paid = 1,
    /// Refused with 409 `out_of_stock`.
    SoldOut = 2,
    /// A request repeated with its key, answered the same by the same version.
    Repeated = 3,
    /// … by the other version.
    RepeatedAcross = 4,
}

impl Phase {
    fn begin(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            began: Instant::now(),
            lasted: Duration::ZERO,
            latencies: Vec::new(),
            by_side: [0, 0],
            counts: [0; 5],
            failures: Vec::new(),
        }
    }

    pub(crate) fn count(&self, what: Count) -> u64 {
        self.counts[what as usize]
    }

    /// The latency that `permille` of a thousand requests stay below, in microseconds.
    pub(crate) fn percentile(&self, permille: usize) -> u64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted
            .get(last * permille / 1000)
            .copied()
            .unwrap_or_default()
    }
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            phases: Mutex::new(vec![Phase::begin("start")]),
        }
    }

    /// Ends the phase and begins the next.
    pub(crate) fn phase(&self, name: &str) {
        let mut phases = self.locked();
        if let Some(last) = phases.last_mut() {
            last.lasted = last.began.elapsed();
        }
        phases.push(Phase::begin(name));
    }

    pub(crate) fn answered(&self, after: Duration, side: Option<Side>) {
        self.now(|phase| {
            phase
                .latencies
                .push(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
            if let Some(side) = side {
                phase.by_side[side.index()] += 1;
            }
        });
    }

    pub(crate) fn count(&self, what: Count) {
        self.now(|phase| phase.counts[what as usize] += 1);
    }

    pub(crate) fn fail(&self, what: String) {
        self.now(|phase| phase.failures.push(what));
    }

    pub(crate) fn failures(&self) -> usize {
        self.locked().iter().map(|phase| phase.failures.len()).sum()
    }

    /// The phases so far; the last one as if it ended now.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        let mut phases = self.locked().clone();
        if let Some(last) = phases.last_mut() {
            last.lasted = last.began.elapsed();
        }
        phases
    }

    fn now(&self, change: impl FnOnce(&mut Phase)) {
        if let Some(phase) = self.locked().last_mut() {
            change(phase);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Phase>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_answered() {
        let record = Record::new();
        for millis in (1..=100).rev() {
            record.answered(Duration::from_millis(millis), Some(Side::Next));
        }
        record.phase("later");
        let phases = record.phases();
        assert_eq!(phases[0].percentile(500), 50_000);
        assert_eq!(phases[0].percentile(990), 99_000);
        assert_eq!(phases[0].percentile(1000), 100_000);
        assert_eq!(
            (phases[0].by_side, phases[1].percentile(500)),
            ([0, 100], 0)
        );
    }
}
