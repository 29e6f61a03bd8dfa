use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::client::Paystack;
use crate::error::PaystackError;
use crate::fields::{Fields, integer};
use crate::settings::Mode;

const ROWS_A_PAGE: usize = 100;
/// Pages of refunds that are read before giving up on finding the last.
const MOST_PAGES: usize = 10;

/// A refund to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewRefund<'a> {
    /// The reference of the transaction.
    pub transaction: &'a str,
    /// Subunits (kobo); never more than what is left of the transaction.
    pub amount: i64,
    /// ISO 4217 of the transaction.
    pub currency: &'a str,
    /// For the books. Paystack takes no reference for a refund, so put yours here: it comes back
    /// in [`Refund::merchant_note`].
    pub merchant_note: &'a str,
}

/// How a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStatus {
    /// Waiting for the processor.
    Pending,
    /// The processor has it.
    Processing,
    /// Done; the bank may still take days.
    Processed,
    /// Cannot be done; the money is the merchant's again.
    Failed,
    /// The payer's bank account is needed.
    NeedsAttention,
    /// A word this crate does not know: not final.
    Unknown(String),
}

impl RefundStatus {
    fn from_text(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "pending" => Self::Pending,
            "processing" => Self::Processing,
            "processed" => Self::Processed,
            "failed" => Self::Failed,
            "needs-attention" | "needs_attention" => Self::NeedsAttention,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The status in Paystack's words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
            Self::Unknown(other) => other,
        }
    }
}

/// A refund as Paystack has it.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Paystack's own number.
    pub id: u64,
    /// How it stands.
    pub status: RefundStatus,
    /// Subunits (kobo).
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Paystack's number of the transaction, where it says.
    pub transaction_id: Option<u64>,
    /// The reference of the transaction; only the answer to the asking carries it.
    pub transaction_reference: Option<String>,
    /// Test or live; none if Paystack did not say.
    pub mode: Option<Mode>,
    /// The note that was given.
    pub merchant_note: Option<String>,
    /// When it was asked for, UTC.
    pub created_at: Option<DateTime<Utc>>,
}

impl Refund {
    fn decode(data: &Value) -> Result<Self, PaystackError> {
        let fields = Fields(data);
        // The transaction is an object in the answer to the asking and a number everywhere else.
        let transaction = fields.object("transaction");
        let id = transaction.raw("id").or_else(|| fields.raw("transaction"));
        Ok(Self {
            id: fields.required("id")?,
            status: RefundStatus::from_text(&fields.required_text("status")?),
            amount: fields.required("amount")?,
            currency: fields.required_text("currency")?,
            transaction_id: id.and_then(integer),
            transaction_reference: transaction.text("reference"),
            mode: fields.text("domain").as_deref().and_then(Mode::from_domain),
            merchant_note: fields.text("merchant_note"),
            created_at: fields.time(&["created_at", "createdAt"]),
        })
    }
}

impl Paystack {
    /// Asks for a refund (`POST /refund`). Sent at most once.
    ///
    /// Paystack takes no reference for it, so the call is not idempotent: after an unclear error
    /// look through [`list_refunds`](Self::list_refunds) before asking again.
    ///
    /// # Errors
    /// See [`PaystackError`]; a transaction that has nothing left is refused, with code
    /// `transaction_reversed` where there is one.
    pub async fn refund(&self, new: &NewRefund<'_>) -> Result<Refund, PaystackError> {
        let body = json!({
            "transaction": new.transaction,
            "amount": new.amount,
            "currency": new.currency,
            "merchant_note": new.merchant_note,
        });
        Refund::decode(&self.post("/refund", &body, self.limits.refund).await?.data)
    }

    /// All refunds of a transaction, by Paystack's number of it (`GET /refund`). Safe to repeat.
    ///
    /// # Errors
    /// See [`PaystackError`]; `Undecodable` also if a row could not be read or there are more than
    /// a thousand, since then an absent refund would prove nothing.
    pub async fn list_refunds(&self, transaction_id: u64) -> Result<Vec<Refund>, PaystackError> {
        let mut refunds = Vec::new();
        for page in 1..=MOST_PAGES {
            let query = [
                ("transaction", transaction_id.to_string()),
                ("perPage", ROWS_A_PAGE.to_string()),
                ("page", page.to_string()),
            ];
            let data = self.get("/refund", &query).await?.data;
            let rows = data
                .as_array()
                .ok_or(PaystackError::Undecodable { what: "data" })?;
            for row in rows {
                refunds.push(Refund::decode(row)?);
            }
            if rows.len() < ROWS_A_PAGE {
                // The filter is in the API reference but not in the OpenAPI document: without it
                // the refunds of all transactions come.
                refunds.retain(|refund| refund.transaction_id == Some(transaction_id));
                return Ok(refunds);
            }
        }
        Err(PaystackError::Undecodable {
            what: "a list of refunds without end",
        })
    }

    /// A refund by Paystack's number (`GET /refund/{id}`). Safe to repeat.
    ///
    /// # Errors
    /// See [`PaystackError`].
    pub async fn fetch_refund(&self, id: u64) -> Result<Refund, PaystackError> {
        let refund = Refund::decode(&self.get(&format!("/refund/{id}"), &[]).await?.data)?;
        if refund.id != id {
            return Err(PaystackError::Undecodable {
                what: "another id than the one asked",
            });
        }
        Ok(refund)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_transaction_are_read() {
        let created = Refund::decode(&json!({
            "transaction": {"id": 1_004_723_697, "reference": "T685312322670591", "amount": 10000},
            "status": "pending", "currency": "NGN", "domain": "live", "amount": 10000,
            "id": 3_018_284, "createdAt": "2021-12-07T09:21:17.122Z", "merchant_note": "note"
        }))
        .unwrap();
        assert_eq!(created.transaction_id, Some(1_004_723_697));
        assert_eq!(
            created.transaction_reference.as_deref(),
            Some("T685312322670591")
        );
        assert!(created.created_at.is_some());
        let listed = Refund::decode(&json!({
            "transaction": 1641, "status": "needs-attention", "currency": "NGN", "amount": "5000",
            "id": 1, "created_at": "2018-01-12T10:54:47.000Z", "fully_deducted": 1,
            "deducted_amount": null
        }))
        .unwrap();
        assert_eq!(listed.transaction_id, Some(1641));
        assert_eq!(listed.status, RefundStatus::NeedsAttention);
        assert_eq!((listed.amount, listed.transaction_reference), (5000, None));
    }

    #[test]
    fn an_unknown_status_is_kept_as_it_came() {
        let data = json!({"id": 1, "amount": 1, "currency": "NGN", "status": "Retrying"});
        let refund = Refund::decode(&data).unwrap();
        assert_eq!(refund.status.as_str(), "retrying");
    }
}
