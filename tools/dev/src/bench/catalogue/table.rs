//! What is shown, and what is judged.

use std::fmt::Write as _;
use std::time::Duration;

use super::functions::Invoked;
use super::usecases::{Asked, Cost};

/// The most that the largest catalogue may cost in relation to the smallest, in hundredths.
const MOST_GROWTH: u128 = 300;
/// The most that a product list from a copy may cost its function (design/quality.md).
const MOST_WORK: Duration = Duration::from_micros(250);
/// What is cheaper than this grows by noise.
const NOISE: Duration = Duration::from_micros(100);

/// In hundredths; what is below the noise counts as the noise.
fn growth(first: Duration, last: Duration) -> u128 {
    last.max(NOISE).as_nanos() * 100 / first.max(NOISE).as_nanos()
}

fn times(hundredths: u128) -> String {
    format!("{}.{} ×", hundredths / 100, hundredths % 100 / 10)
}

/// Milliseconds with two decimals.
fn milliseconds(time: Duration) -> String {
    let hundredths = (time.as_micros() + 5) / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Why a question is not within its target; empty where it is.
fn faults(asked: &Asked) -> Vec<String> {
    let mut faults = Vec::new();
    let errors = asked.costs.iter().filter_map(|cost| cost.as_ref().err());
    faults.extend(errors.map(|error| format!("NOT ANSWERED: {error}")));
    // A small table is rightly read whole: the largest size tells.
    if let Some(Ok(largest)) = asked.costs.last() {
        let scans = largest.plan.scans.iter();
        faults.extend(scans.map(|table| format!("READS ALL OF {table}")));
    }
    if let Some((first, last)) = ends(&asked.costs)
        && growth(first.work, last.work) > MOST_GROWTH
    {
        faults.push(format!("GROWS {}", times(growth(first.work, last.work))));
    }
    faults
}

fn ends(costs: &[Result<Cost, String>]) -> Option<(&Cost, &Cost)> {
    Some((costs.first()?.as_ref().ok()?, costs.last()?.as_ref().ok()?))
}

pub(super) fn within(asked: &[Asked]) -> bool {
    asked.iter().all(|asked| faults(asked).is_empty())
}

pub(super) fn functions_within(invoked: &[Invoked]) -> bool {
    invoked
        .iter()
        .all(|invoked| function_faults(invoked).is_empty())
}

fn function_faults(invoked: &Invoked) -> Vec<String> {
    let mut faults = Vec::new();
    let copied = invoked
        .copied
        .iter()
        .map(|invocation| invocation.work)
        .max();
    if invoked.is_list && copied > Some(MOST_WORK) {
        faults.push("COPY > 0.25 ms".to_owned());
    }
    if let (Some(first), Some(last)) = (invoked.fresh.first(), invoked.fresh.last()) {
        let growth = growth(first.work, last.work);
        if growth > MOST_GROWTH {
            faults.push(format!("GROWS {}", times(growth)));
        }
    }
    faults
}

fn verdict(faults: &[String]) -> String {
    if faults.is_empty() {
        "within".to_owned()
    } else {
        faults.join("; ")
    }
}

pub(super) fn of_use_cases(sizes: &[u32], asked: &[Asked]) -> String {
    let mut text = format!(
        "\nUse-cases, one connection, medians. Milliseconds on a processor in Postgres (and, by the clock,\n\
         with the way there and back); pages of 8 KiB and rows that were looked at. Target: ≤ 3 × from\n\
         {} to {} products, no growing table read from end to end.\n\n{:<34}",
        sizes.first().copied().unwrap_or_default(),
        sizes.last().copied().unwrap_or_default(),
        "",
    );
    for size in sizes {
        let _ = write!(text, "{size:>20}");
    }
    text.push_str("    growth  verdict\n");
    for asked in asked {
        row(&mut text, asked);
    }
    text
}

fn row(text: &mut String, asked: &Asked) {
    let _ = write!(text, "{:<34}", asked.question.name);
    for cost in &asked.costs {
        let shown = cost.as_ref().map_or_else(
            |_| "—".to_owned(),
            |cost| format!("{} ({})", milliseconds(cost.work), milliseconds(cost.wall)),
        );
        let _ = write!(text, "{shown:>20}");
    }
    let growth = ends(&asked.costs).map(|(first, last)| times(growth(first.work, last.work)));
    let verdict = verdict(&faults(asked));
    let _ = writeln!(text, "{:>10}  {verdict}", growth.unwrap_or_default());
    let _ = write!(text, "{:<34}", "  pages, rows");
    for cost in &asked.costs {
        let shown = cost.as_ref().map_or_else(
            |_| String::new(),
            |cost| format!("{} p, {} r", cost.plan.pages, cost.plan.rows),
        );
        let _ = write!(text, "{shown:>20}");
    }
    text.push('\n');
    if let Some(Ok(cost)) = asked.costs.last() {
        let _ = writeln!(text, "  {}", cost.plan.reads.join(", "));
    }
}

pub(super) fn of_functions(sizes: &[u32], invoked: &[Invoked]) -> String {
    let mut text = format!(
        "\nFunctions, release build, one instance, warm, medians. Milliseconds on a processor in the function\n\
         (and by the clock). Fresh: read from Postgres, facets included, and copied to Redis; copy: read from\n\
         Redis. Targets: fresh ≤ 3 × from the smallest to the largest, a product list from a copy ≤ 0.25 ms.\n\n{:<34}{:<7}",
        "", ""
    );
    for size in sizes {
        let _ = write!(text, "{size:>18}");
    }
    text.push_str("    growth  verdict\n");
    for invoked in invoked {
        let fresh: Vec<Duration> = invoked.fresh.iter().map(|i| i.work).collect();
        let ends = fresh.first().zip(fresh.last());
        let growth = ends.map(|(first, last)| times(growth(*first, *last)));
        let verdict = verdict(&function_faults(invoked));
        let _ = write!(text, "{:<34}{:<7}", invoked.name, "fresh");
        for invocation in &invoked.fresh {
            let (work, wall) = (milliseconds(invocation.work), milliseconds(invocation.wall));
            let _ = write!(text, "{:>18}", format!("{work} ({wall})"));
        }
        let _ = writeln!(text, "{:>10}  {verdict}", growth.unwrap_or_default());
        let _ = write!(text, "{:<34}{:<7}", "", "copy");
        for invocation in &invoked.copied {
            let (work, wall) = (milliseconds(invocation.work), milliseconds(invocation.wall));
            let _ = write!(text, "{:>18}", format!("{work} ({wall})"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::catalogue::plan::Plan;
    use crate::bench::catalogue::question::{Act, Question};

    fn asked(work: [u64; 2], scans: [&[&str]; 2]) -> Asked {
        let cost = |(work, scans): (u64, &[&str])| {
            let plan = Plan {
                scans: scans.iter().map(|table| (*table).to_owned()).collect(),
                ..Plan::default()
            };
            let work = Duration::from_micros(work);
            Ok(Cost {
                work,
                wall: work,
                plan,
            })
        };
        Asked {
            question: Question {
                name: "a question",
                act: Act::Tree,
                target: None,
            },
            costs: work.into_iter().zip(scans).map(cost).collect(),
            cursors: vec![None, None],
        }
    }

    #[test]
    fn three_times_the_cost_is_within_and_more_is_not() {
        assert!(within(&[asked([400, 1_200], [&[], &[]])]));
        let dear = asked([400, 1_300], [&[], &[]]);
        assert_eq!(faults(&dear), ["GROWS 3.2 ×"]);
        assert!(!within(&[dear]));
        assert!(within(&[asked([5, 90], [&[], &[]])]), "nothing but noise");
    }

    #[test]
    fn reading_a_growing_table_whole_is_a_fault_where_it_is_large() {
        assert!(within(&[asked([400, 400], [&["variants"], &[]])]));
        let scanned = asked([400, 400], [&[], &["variants"]]);
        assert_eq!(faults(&scanned), ["READS ALL OF variants"]);
    }

    #[test]
    fn a_question_that_is_not_answered_is_a_fault() {
        let mut unanswered = asked([400, 400], [&[], &[]]);
        unanswered.costs[1] = Err("cancelled".to_owned());
        assert_eq!(faults(&unanswered), ["NOT ANSWERED: cancelled"]);
        assert!(of_use_cases(&[1, 2], &[unanswered]).contains("NOT ANSWERED"));
    }
}
