use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::SecretString;
use serde_json::Value;

use crate::client::{Paystack, segment};
use crate::error::PaystackError;
use crate::fields::{Fields, metadata};
use crate::settings::Mode;

/// How a transaction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Paid.
    Success,
    /// An attempt failed. On the payment page the customer may try again and succeed.
    Failed,
    /// Not completed; also said right after the start.
    Abandoned,
    /// The customer is acting now.
    Ongoing,
    /// In progress.
    Pending,
    /// In progress (direct debit).
    Processing,
    /// Waiting in a bulk charge.
    Queued,
    /// Was paid; refunded or charged back.
    Reversed,
    /// A word this crate does not know: not final.
    Unknown(String),
}

impl TransactionStatus {
    fn from_text(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "success" => Self::Success,
            "failed" => Self::Failed,
            "abandoned" => Self::Abandoned,
            "ongoing" => Self::Ongoing,
            "pending" => Self::Pending,
            "processing" => Self::Processing,
            "queued" => Self::Queued,
            "reversed" => Self::Reversed,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The status in Paystack's words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Ongoing => "ongoing",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Queued => "queued",
            Self::Reversed => "reversed",
            Self::Unknown(other) => other,
        }
    }

    /// Whether nothing more can be expected. A failed attempt is *not* final: on the payment page
    /// it may still turn into success.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Success | Self::Reversed => true,
            Self::Failed
            | Self::Abandoned
            | Self::Ongoing
            | Self::Pending
            | Self::Processing
            | Self::Queued
            | Self::Unknown(_) => false,
        }
    }
}

/// A transaction as Paystack has it. This, not a webhook, is what money may be booked by.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Paystack's own number.
    pub id: u64,
    /// How it stands.
    pub status: TransactionStatus,
    /// The merchant's reference, or Paystack's if the merchant gave none.
    pub reference: String,
    /// What was charged, in subunits.
    pub amount: i64,
    /// What was asked, in subunits, where Paystack says; differs from `amount` if the customer
    /// bears the fees or paid in part.
    pub requested_amount: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// Test or live; none if Paystack did not say or said something else.
    pub mode: Option<Mode>,
    /// How it was paid, in Paystack's words.
    pub channel: Option<String>,
    /// When it was paid, UTC.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it was started, UTC.
    pub created_at: Option<DateTime<Utc>>,
    /// Paystack's charge, in subunits.
    pub fees: Option<i64>,
    /// The bank's words on the outcome.
    pub gateway_response: Option<String>,
    /// The customer's e-mail address; does not print.
    pub customer_email: Option<SecretString>,
    /// Paystack's name for the customer, `CUS_…`.
    pub customer_code: Option<String>,
    /// What was given when it was started.
    pub metadata: Option<Value>,
}

impl Transaction {
    pub(crate) fn decode(data: &Value) -> Result<Self, PaystackError> {
        let fields = Fields(data);
        let customer = fields.object("customer");
        Ok(Self {
            id: fields.required("id")?,
            status: TransactionStatus::from_text(&fields.required_text("status")?),
            reference: fields.required_text("reference")?,
            amount: fields.required("amount")?,
            requested_amount: fields.optional("requested_amount")?,
            currency: fields.required_text("currency")?,
            mode: fields.text("domain").as_deref().and_then(Mode::from_domain),
            channel: fields.text("channel"),
            paid_at: fields.time(&["paid_at", "paidAt"]),
            created_at: fields.time(&["created_at", "createdAt", "transaction_date"]),
            // For the books only: oddities in it must not hold up a payment.
            fees: fields.optional("fees").unwrap_or(None),
            gateway_response: fields.text("gateway_response"),
            customer_email: customer.private_text("email"),
            customer_code: customer.text("customer_code"),
            metadata: metadata(fields.raw("metadata")),
        })
    }
}

/// Which transactions to list, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListTransactions<'a> {
    /// Created at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Created at or before this time.
    pub to: Option<DateTime<Utc>>,
    /// `success`, `failed`, `abandoned` or `reversed`.
    pub status: Option<&'a str>,
    /// [`Page::next`] of the page before; none for the first.
    pub cursor: Option<&'a str>,
    /// Rows a page, 1 to 100; 0 means 50.
    pub per_page: u8,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows that could be read.
    pub items: Vec<T>,
    /// How many rows could not; a reconciliation that meets one is not complete.
    pub undecodable: usize,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

impl Paystack {
    /// How the transaction of a reference stands (`GET /transaction/verify/{reference}`). Safe to
    /// repeat.
    ///
    /// # Errors
    /// [`PaystackError::NotFound`] if Paystack has none in this mode; `Undecodable` also if the
    /// answer is about another reference.
    pub async fn verify(&self, reference: &str) -> Result<Transaction, PaystackError> {
        let path = format!("/transaction/verify/{}", segment(reference)?);
        let transaction = Transaction::decode(&self.get(&path, &[]).await?.data)?;
        if transaction.reference != reference {
            return Err(PaystackError::Undecodable {
                what: "another reference than the one asked",
            });
        }
        Ok(transaction)
    }

    /// A transaction by Paystack's own number (`GET /transaction/{id}`). Safe to repeat.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn fetch(&self, id: u64) -> Result<Transaction, PaystackError> {
        let payload = self.get(&format!("/transaction/{id}"), &[]).await?;
        let transaction = Transaction::decode(&payload.data)?;
        if transaction.id != id {
            return Err(PaystackError::Undecodable {
                what: "another id than the one asked",
            });
        }
        Ok(transaction)
    }

    /// One page of transactions (`GET /transaction`), for reconciliation. Safe to repeat.
    ///
    /// # Errors
    /// See [`PaystackError`]. A row that cannot be read is counted, not an error.
    pub async fn list_transactions(
        &self,
        list: &ListTransactions<'_>,
    ) -> Result<Page<Transaction>, PaystackError> {
        let payload = self.get("/transaction", &list.query()).await?;
        let rows = payload
            .data
            .as_array()
            .ok_or(PaystackError::Undecodable { what: "data" })?;
        let items: Vec<_> = rows
            .iter()
            .filter_map(|row| Transaction::decode(row).ok())
            .collect();
        Ok(Page {
            undecodable: rows.len() - items.len(),
            items,
            // The end is an absent or null cursor, once also the text "null".
            next: Fields(&payload.meta)
                .text("next")
                .filter(|next| next != "null"),
        })
    }
}

impl ListTransactions<'_> {
    fn query(&self) -> Vec<(&'static str, String)> {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let per_page = if self.per_page == 0 {
            50
        } else {
            self.per_page.min(100)
        };
        let mut query = vec![
            ("use_cursor", "true".to_owned()),
            ("perPage", per_page.to_string()),
        ];
        query.extend(self.from.map(|from| ("from", time(from))));
        query.extend(self.to.map(|to| ("to", time(to))));
        query.extend(self.status.map(|status| ("status", status.to_owned())));
        query.extend(self.cursor.map(|cursor| ("next", cursor.to_owned())));
        query
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn paid() -> Value {
        json!({
            "id": 4_099_260_516_u64, "domain": "test", "status": "success",
            "reference": "re4lyvq3s3", "receipt_number": null, "amount": 40333, "message": null,
            "gateway_response": "Successful", "paid_at": "2024-08-22T09:15:02.000Z",
            "created_at": "2024-08-22T09:14:24.000Z", "channel": "card", "currency": "NGN",
            "metadata": "", "fees": 10283, "fees_split": null, "authorization": {},
            "customer": {"id": 181_873_746, "email": "demo@test.com", "phone": null},
            "plan": null, "split": {}, "paidAt": "2024-08-22T09:15:02.000Z",
            "requested_amount": 30050, "plan_object": {}, "subaccount": {}
        })
    }

    #[test]
    fn the_documented_sample_is_read_whole() {
        let transaction = Transaction::decode(&paid()).unwrap();
        assert_eq!(transaction.id, 4_099_260_516);
        assert_eq!(transaction.status, TransactionStatus::Success);
        assert_eq!(
            (transaction.amount, transaction.requested_amount),
            (40333, Some(30050))
        );
        assert_eq!(transaction.mode, Some(Mode::Test));
        assert_eq!(transaction.fees, Some(10283));
        assert_eq!(transaction.paid_at.unwrap().timestamp(), 1_724_318_102);
        assert_eq!(transaction.metadata, None);
        assert_eq!(
            transaction.customer_email.unwrap().expose_secret(),
            "demo@test.com"
        );
    }

    #[test]
    fn a_transaction_with_everything_optional_absent_or_odd_is_read() {
        let transaction = Transaction::decode(&json!({
            "id": "4099260516", "status": "reversal_pending", "reference": "r", "amount": "500",
            "currency": "NGN", "metadata": 0, "customer": "", "fees": {}, "paid_at": "soon",
            "domain": "moon", "log": null, "authorization": null
        }))
        .unwrap();
        assert_eq!(
            transaction.status,
            TransactionStatus::Unknown("reversal_pending".to_owned())
        );
        assert!(!transaction.status.is_final());
        assert_eq!(
            (transaction.amount, transaction.requested_amount),
            (500, None)
        );
        assert_eq!((transaction.mode, transaction.fees), (None, None));
    }

    #[test]
    fn what_decides_about_money_must_be_there_and_whole() {
        for (field, value) in [
            ("id", json!(-1)),
            ("status", json!(null)),
            ("reference", json!("")),
            ("amount", json!(403.33)),
            ("amount", json!("403.33")),
            ("amount", json!(null)),
            ("requested_amount", json!({"n": 1})),
            ("currency", json!(["NGN"])),
        ] {
            let mut data = paid();
            data[field] = value;
            let error = Transaction::decode(&data).unwrap_err();
            assert!(matches!(error, PaystackError::Undecodable { what } if what == field));
        }
        assert!(Transaction::decode(&Value::Null).is_err());
    }

    #[test]
    fn personal_data_does_not_print() {
        let transaction = Transaction::decode(&paid()).unwrap();
        assert!(!format!("{transaction:?}").contains("demo@test.com"));
    }
}
