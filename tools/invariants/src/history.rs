//! I4: histories follow the allowed moves.

use domain::{OrderStatus, PaymentStatus};
use sqlx::{FromRow, PgConnection};

use crate::CheckError;
use crate::rule::Rule;

#[derive(FromRow)]
struct Move {
    number: String,
    word: String,
    from: String,
    to: String,
    before: Option<String>,
    present: Option<String>,
}

/// Each move with the state the former one had led to, and, for the last one, the state the order is in.
const MOVES: &str = "
    SELECT o.number, w.word, e.detail -> w.word ->> 0 AS \"from\", e.detail -> w.word ->> 1 AS \"to\",
           lag(e.detail -> w.word ->> 1) OVER moves AS before,
           CASE WHEN lead(e.id) OVER moves IS NULL THEN
               CASE w.word WHEN 'status' THEN o.status ELSE o.payment_status END END AS present
    FROM order_events e
    JOIN orders o ON o.id = e.order_id
    CROSS JOIN (VALUES ('status'), ('payment_status')) AS w (word)
    WHERE e.detail ? w.word
    WINDOW moves AS (PARTITION BY e.order_id, w.word ORDER BY e.id)";

pub(crate) async fn rules(connection: &mut PgConnection) -> Result<Vec<Rule>, CheckError> {
    let moves: Vec<Move> = sqlx::query_as(MOVES).fetch_all(connection).await?;
    Ok(vec![Rule {
        invariant: "I4",
        statement: "status histories follow the allowed moves, without a gap, to the present",
        checked: i64::try_from(moves.len()).unwrap_or(i64::MAX),
        violations: moves.iter().filter_map(Move::violation).collect(),
    }])
}

impl Move {
    fn violation(&self) -> Option<String> {
        let Self {
            number,
            word,
            from,
            to,
            ..
        } = self;
        let allowed = match word.as_str() {
            "status" => may::<OrderStatus>(from, to, OrderStatus::may_become),
            _ => may::<PaymentStatus>(from, to, PaymentStatus::may_become),
        };
        if !allowed {
            return Some(format!("order {number}: {word} went from {from} to {to}"));
        }
        if self.before.as_ref().is_some_and(|before| before != from) {
            return Some(format!(
                "order {number}: {word} came to {:?} and left from {from}",
                self.before
            ));
        }
        if self.present.as_ref().is_some_and(|present| present != to) {
            return Some(format!(
                "order {number}: {word} went to {to} and is {:?}",
                self.present
            ));
        }
        None
    }
}

fn may<T: Copy + std::str::FromStr>(from: &str, to: &str, table: impl Fn(T, T) -> bool) -> bool {
    matches!((from.parse::<T>(), to.parse::<T>()), (Ok(from), Ok(to)) if table(from, to))
}
