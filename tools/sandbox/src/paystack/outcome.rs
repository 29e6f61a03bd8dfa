//! What the payer does on the payment page.

use std::collections::HashMap;

use super::book::Tender;
use super::transaction::{TestCard, Transaction};

/// The form field `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Pays what is asked.
    Success,
    /// The try fails; the payer may try again.
    Failed,
    /// Leaves without paying; the link stays payable.
    Abandoned,
    /// Pays less: the form's `amount` in kobo, half when absent.
    Underpaid,
    /// Pays more: the form's `amount` in kobo, double when absent.
    Overpaid,
    /// Pays the same number of subunits of another currency (USD, or NGN where USD was asked).
    WrongCurrency,
    /// Pays what is asked, whatever the shop thinks of the time, and never comes back: no redirect.
    /// The stand-in knows nothing of the shop's expiry; whoever wants "late" waits for it first.
    Late,
}

impl Outcome {
    pub(super) const NAMES: &str =
        "success, failed, abandoned, underpaid, overpaid, wrong_currency, late";

    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "success" => Self::Success,
            "failed" => Self::Failed,
            "abandoned" => Self::Abandoned,
            "underpaid" => Self::Underpaid,
            "overpaid" => Self::Overpaid,
            "wrong_currency" => Self::WrongCurrency,
            "late" => Self::Late,
            _ => return None,
        })
    }
}

/// What the payer does with the form: hands over money, fails, or leaves.
pub(super) enum Move {
    Pay(Tender),
    Fail(&'static str),
    Leave,
}

/// Reads the form, for a transaction; a sentence says what is wrong with it.
pub(super) fn read(
    form: &HashMap<String, String>,
    transaction: &Transaction,
) -> Result<(Outcome, Move), String> {
    let name = form.get("outcome").map_or("", String::as_str);
    let outcome = Outcome::named(name)
        .ok_or_else(|| format!("The field outcome must be one of {}.", Outcome::NAMES))?;
    let card = TestCard::of(form.get("card").map_or("", String::as_str));
    if let (Some(reason), true) = (card.refusal(), outcome != Outcome::Abandoned) {
        return Ok((Outcome::Failed, Move::Fail(reason)));
    }
    let payment = match outcome {
        Outcome::Failed => Move::Fail("Declined"),
        Outcome::Abandoned => Move::Leave,
        Outcome::Success | Outcome::Late => pay(transaction, transaction.requested, card),
        Outcome::Underpaid => {
            let amount = amount(form, (transaction.requested / 2).max(1))?;
            if amount >= transaction.requested {
                return Err("An underpayment must be below what is asked.".to_owned());
            }
            pay(transaction, amount, card)
        }
        Outcome::Overpaid => {
            let amount = amount(form, transaction.requested.saturating_mul(2))?;
            if amount <= transaction.requested {
                return Err("An overpayment must be above what is asked.".to_owned());
            }
            pay(transaction, amount, card)
        }
        Outcome::WrongCurrency => {
            let other = if transaction.currency == "USD" {
                "NGN"
            } else {
                "USD"
            };
            let currency = other.to_owned();
            Move::Pay(Tender {
                amount: transaction.requested,
                currency,
                card,
                sender_name: None,
            })
        }
    };
    Ok((outcome, payment))
}

fn pay(transaction: &Transaction, amount: i64, card: TestCard) -> Move {
    Move::Pay(Tender {
        amount,
        currency: transaction.currency.clone(),
        card,
        sender_name: None,
    })
}

/// The form's `amount`, in kobo.
fn amount(form: &HashMap<String, String>, default: i64) -> Result<i64, String> {
    match form
        .get("amount")
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
    {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|amount| *amount > 0)
            .ok_or_else(|| "The field amount must be a whole number of kobo.".to_owned()),
    }
}
