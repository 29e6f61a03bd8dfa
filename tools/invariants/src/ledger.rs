//! I2: money, as the provider's ledger has it against ours.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use sqlx::{FromRow, PgConnection};

use crate::CheckError;
use crate::rule::Rule;

/// What the provider captured and gave back, as the stand-ins tell it at `/paystack/ledger`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Ledger {
    /// Every capture.
    pub captured: Vec<LedgerCapture>,
    /// Every refund.
    pub refunded: Vec<LedgerRefund>,
}

/// A capture.
#[derive(Debug, Clone, Deserialize)]
pub struct LedgerCapture {
    /// The reference it was captured under.
    pub reference: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A refund.
#[derive(Debug, Clone, Deserialize)]
pub struct LedgerRefund {
    /// The reference of the payment it undoes.
    pub reference: String,
    /// Minor units.
    pub amount: i64,
    /// The provider's word for where it stands.
    pub status: String,
}

#[derive(FromRow)]
struct Ours {
    reference: String,
    status: String,
    order_payment_status: String,
    captured_amount: Option<i64>,
    currency: String,
    refunded: i64,
}

pub(crate) async fn rules(
    connection: &mut PgConnection,
    ledger: &Ledger,
) -> Result<Vec<Rule>, CheckError> {
    let ours: HashMap<String, Ours> = sqlx::query_as::<_, Ours>(
        "SELECT p.reference, p.status, o.payment_status AS order_payment_status, p.captured_amount,
                p.currency::text,
                (SELECT coalesce(sum(amount), 0)::bigint FROM refunds r WHERE r.payment_id = p.id
                 AND r.status IN ('pending', 'processed', 'needs_attention')) AS refunded
         FROM payments p JOIN orders o ON o.id = p.order_id",
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|ours| (ours.reference.clone(), ours))
    .collect();
    let unmatched: Vec<String> = sqlx::query_scalar("SELECT reference FROM unmatched_payments")
        .fetch_all(connection)
        .await?;
    Ok(vec![
        captures(ledger, &ours, &unmatched),
        refunds(ledger, &ours),
    ])
}

fn captures(ledger: &Ledger, ours: &HashMap<String, Ours>, unmatched: &[String]) -> Rule {
    let judge = |capture: &LedgerCapture| {
        let reference = &capture.reference;
        if unmatched.contains(reference) {
            return None;
        }
        let Some(payment) = ours.get(reference) else {
            return Some(format!("{reference}: captured, and we know nothing of it"));
        };
        let credited = payment.status == "paid"
            && !matches!(payment.order_payment_status.as_str(), "unpaid" | "pending");
        let returned = matches!(payment.status.as_str(), "returning" | "refunded");
        if !credited && !returned {
            let (status, order) = (&payment.status, &payment.order_payment_status);
            return Some(format!(
                "{reference}: captured, ours is {status}, its order {order}"
            ));
        }
        if payment.captured_amount != Some(capture.amount) || payment.currency != capture.currency {
            let told = format!("{} {}", capture.amount, capture.currency);
            return Some(format!(
                "{reference}: the provider has {told}, we {:?}",
                payment.captured_amount
            ));
        }
        None
    };
    Rule {
        invariant: "I2",
        statement: "every captured reference is a paid order, refunded, or unmatched and seen",
        checked: i64::try_from(ledger.captured.len()).unwrap_or(i64::MAX),
        violations: ledger.captured.iter().filter_map(judge).collect(),
    }
}

fn refunds(ledger: &Ledger, ours: &HashMap<String, Ours>) -> Rule {
    let mut theirs: BTreeMap<&str, i64> = BTreeMap::new();
    for refund in ledger
        .refunded
        .iter()
        .filter(|refund| refund.status != "failed")
    {
        *theirs.entry(&refund.reference).or_default() += refund.amount;
    }
    for payment in ours.values().filter(|payment| payment.refunded > 0) {
        theirs.entry(&payment.reference).or_default();
    }
    let violations = theirs
        .iter()
        .filter_map(|(reference, amount)| {
            let known = ours.get(*reference).map_or(0, |payment| payment.refunded);
            (known != *amount).then(|| {
                format!("{reference}: the provider gave back {amount}, we know of {known}")
            })
        })
        .collect();
    let checked = i64::try_from(theirs.len()).unwrap_or(i64::MAX);
    let statement = "what the provider gave back is what we asked it to";
    Rule {
        invariant: "I2",
        statement,
        checked,
        violations,
    }
}
