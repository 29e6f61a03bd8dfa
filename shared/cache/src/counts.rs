use std::sync::atomic::{AtomicU64, Ordering};

use telemetry::metric;

/// What has happened since the process began; for metrics and tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Look-ups that found a copy that could be used.
    pub hits: u64,
    /// Look-ups that did not, for whatever reason.
    pub misses: u64,
    /// Operations that failed or took too long.
    pub errors: u64,
    /// Operations that were not tried, because Redis had just failed.
    pub skipped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    errors: AtomicU64,
    skipped: AtomicU64,
}

impl Counters {
    pub(crate) fn lookup(&self, found: bool) {
        let (counter, name) = if found {
            (&self.hits, metric::CACHE_HITS)
        } else {
            (&self.misses, metric::CACHE_MISSES)
        };
        counter.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(name).increment(1);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(metric::CACHE_UNAVAILABLE).increment(1);
    }

    pub(crate) fn skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(metric::CACHE_UNAVAILABLE).increment(1);
    }

    pub(crate) fn read(&self) -> Counts {
        let [hits, misses, errors, skipped] =
            [&self.hits, &self.misses, &self.errors, &self.skipped]
                .map(|counter| counter.load(Ordering::Relaxed));
        Counts {
            hits,
            misses,
            errors,
            skipped,
        }
    }
}
