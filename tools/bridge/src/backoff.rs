//! Growing pauses.

use std::time::Duration;

/// Doubles from `first` to `cap`.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    cap: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            next: first,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.step()).await;
    }

    fn step(&mut self) -> Duration {
        let step = self.next;
        self.next = self.cap.min(step * 2);
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_start_again_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(8), Duration::from_secs(30));
        let steps: Vec<_> = (0..4).map(|_| backoff.step().as_secs()).collect();
        assert_eq!(steps, [8, 16, 30, 30]);
        backoff.reset();
        assert_eq!(backoff.step().as_secs(), 8);
    }
}
