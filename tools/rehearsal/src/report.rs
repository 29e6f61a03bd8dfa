//! What a rehearsal has shown, to be read by a person.

use std::collections::BTreeMap;
use std::fmt;

use crate::provenance::Worked;
use crate::record::{Count, Phase};
use crate::version::Side;

/// The outcome of a rehearsal.
#[derive(Debug)]
pub struct Report {
    pub(crate) phases: Vec<Phase>,
    pub(crate) worked: Worked,
    /// What was seen on the way, a sentence each.
    pub(crate) notes: Vec<String>,
    pub(crate) invariants: Option<invariants::Report>,
    /// What does not hold, beside failed requests.
    pub(crate) problems: Vec<String>,
}

/// So many kinds of failures of a phase are told.
const TOLD: usize = 8;

impl Report {
    /// Whether no request failed and everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failures().next().is_none()
            && self.problems.is_empty()
            && self
                .invariants
                .as_ref()
                .is_some_and(invariants::Report::holds)
    }

    /// Every failed request, message or visit, in the order in which they were seen.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.phases
            .iter()
            .flat_map(|phase| &phase.failures)
            .map(String::as_str)
    }

    /// What does not hold, beside failed requests and the invariants.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Requests that a version answered.
    #[must_use]
    pub fn requests_to(&self, side: Side) -> u64 {
        self.phases
            .iter()
            .map(|phase| phase.by_side[side.index()])
            .sum()
    }

    /// Messages by who began and who worked them.
    #[must_use]
    pub fn worked(&self) -> &Worked {
        &self.worked
    }

    /// Requests that were repeated with their key and answered the same by the other version.
    #[must_use]
    pub fn repeated_across(&self) -> u64 {
        self.sum(Count::RepeatedAcross)
    }

    /// Orders that were placed.
    #[must_use]
    pub fn placed(&self) -> u64 {
        self.sum(Count::Placed)
    }

    /// Orders that their customers saw paid.
    #[must_use]
    pub fn paid(&self) -> u64 {
        self.sum(Count::Paid)
    }

    fn sum(&self, what: Count) -> u64 {
        self.phases.iter().map(|phase| phase.count(what)).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "{:<30} {:>6} {:>8} {:>7} {:>7} {:>7} {:>6} {:>9} {:>9} {:>7} {:>8} {:>8} {:>8}",
            "phase",
            "s",
            "requests",
            "by N",
            "by N+1",
            "placed",
            "paid",
            "sold out",
            "repeated*",
            "failed",
            "p50 ms",
            "p99 ms",
            "max ms"
        )?;
        self.phases.iter().try_for_each(|phase| row(f, phase))?;
        writeln!(
            f,
            "* repeated with their key, and answered the same; of these by the other version\n"
        )?;
        writeln!(f, "{}", self.worked)?;
        if let Some(invariants) = &self.invariants {
            writeln!(f, "{invariants}")?;
        }
        self.phases
            .iter()
            .filter(|phase| !phase.failures.is_empty())
            .try_for_each(|phase| failures(f, phase))?;
        for problem in &self.problems {
            writeln!(f, "BROKEN: {problem}")?;
        }
        if self.holds() {
            writeln!(f, "No request failed, and everything holds.")
        } else {
            let (failed, broken) = (self.failures().count(), self.problems.len());
            writeln!(
                f,
                "The rehearsal FAILED: {failed} failed requests, {broken} other things; the invariants as above."
            )
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, phase: &Phase) -> fmt::Result {
    let [former, next] = phase.by_side;
    let across = phase.count(Count::RepeatedAcross);
    let repeated = format!("{}/{across}", phase.count(Count::Repeated) + across);
    writeln!(
        f,
        "{:<30} {:>6.1} {:>8} {former:>7} {next:>7} {:>7} {:>6} {:>9} {repeated:>9} {:>7} {:>8} {:>8} {:>8}",
        phase.name,
        phase.lasted.as_secs_f32(),
        phase.latencies.len(),
        phase.count(Count::Placed),
        phase.count(Count::Paid),
        phase.count(Count::SoldOut),
        phase.failures.len(),
        millis(phase.percentile(500)),
        millis(phase.percentile(990)),
        millis(phase.percentile(1000)),
    )
}

fn failures(f: &mut fmt::Formatter<'_>, phase: &Phase) -> fmt::Result {
    let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for failure in &phase.failures {
        kinds.entry(kind(failure)).or_insert((0, failure)).0 += 1;
    }
    writeln!(f, "FAILED in \"{}\":", phase.name)?;
    for (times, example) in kinds.values().take(TOLD) {
        writeln!(f, "  {times} × {example}")?;
    }
    match kinds.len().saturating_sub(TOLD) {
        0 => Ok(()),
        more => writeln!(f, "  … and {more} more kinds"),
    }
}

/// A failure without the numbers and ids that make it one of its kind.
fn kind(failure: &str) -> String {
    let is_id = |word: &&str| word.len() > 4 && word.bytes().any(|byte| byte.is_ascii_digit());
    let words = failure.split([' ', '/', '"']).filter(|word| !is_id(word));
    words.collect::<Vec<_>>().join(" ")
}

/// Milliseconds with one decimal.
fn millis(micros: u64) -> String {
    format!("{}.{}", micros / 1000, micros % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_differ_in_their_ids_are_of_one_kind() {
        let [one, other, third] = [
            r#"GET /api/orders/MR-469J-50D4 answered 404 by N+1: {"request_id":"f61c66793ce04f8="}"#,
            r#"GET /api/orders/MR-KY3J-WKF0 answered 404 by N+1: {"request_id":"bb4376aae958479="}"#,
            r#"GET /api/orders/MR-KY3J-WKF0 answered 503 by N+1: {"request_id":"bb4376aae958479="}"#,
        ];
        assert_eq!(kind(one), kind(other));
        assert_ne!(kind(other), kind(third));
    }
}
