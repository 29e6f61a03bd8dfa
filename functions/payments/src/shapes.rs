//! How an attempt to pay looks from outside.

use chrono::{DateTime, Utc};
use domain::{AttemptStatus, Channel};
use edge::MoneyBody;
use payments::{Attempt, BankAccount};
use serde::Serialize;
use utoipa::ToSchema;

/// An attempt to pay an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentBody {
    /// Its name at the provider, and here.
    #[schema(example = "mr-0b2f9c1e-6f0a-4a53-9a50-1d2f3f6f2c11")]
    reference: String,
    /// `pending` until money came or the attempt failed. `returning` and `refunded`: the order could
    /// not keep it. `review`: staff are looking into it.
    #[schema(value_type = String, example = "pending")]
    status: &'static str,
    /// How.
    #[schema(value_type = String, example = "card")]
    channel: Channel,
    /// How much.
    amount: MoneyBody,
    /// The page where the customer pays; null until the provider has answered, and for channels
    /// without one.
    #[schema(required)]
    authorization_url: Option<String>,
    /// The account to transfer to, for `bank_transfer`.
    #[schema(required)]
    bank_account: Option<BankAccountBody>,
    /// The code to dial, for `ussd`.
    #[schema(required)]
    ussd_code: Option<String>,
    /// When the money came.
    #[schema(required)]
    paid_at: Option<DateTime<Utc>>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// Until when it can be paid.
    expires_at: DateTime<Utc>,
}

/// The account that a bank transfer goes to; made for this one payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BankAccount)]
pub struct BankAccountBody {
    /// Ten digits.
    account_number: String,
    /// The name the payer's bank will show.
    #[schema(required)]
    account_name: Option<String>,
    /// The bank.
    bank_name: String,
    /// When the account closes.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
}

impl From<&Attempt> for PaymentBody {
    fn from(attempt: &Attempt) -> Self {
        Self {
            reference: attempt.reference.to_string(),
            status: told(attempt.status),
            channel: attempt.channel,
            amount: attempt.amount.into(),
            authorization_url: attempt.authorization_url.clone(),
            bank_account: attempt.bank_account.as_ref().map(BankAccountBody::from),
            ussd_code: attempt.ussd_code.clone(),
            paid_at: attempt.paid_at,
            created_at: attempt.created_at,
            expires_at: attempt.expires_at,
        }
    }
}

impl From<&BankAccount> for BankAccountBody {
    fn from(account: &BankAccount) -> Self {
        Self {
            account_number: account.account_number.clone(),
            account_name: account.account_name.clone(),
            bank_name: account.bank_name.clone(),
            expires_at: account.expires_at,
        }
    }
}

/// What a customer is told of an attempt's status.
const fn told(status: AttemptStatus) -> &'static str {
    match status {
        AttemptStatus::Created | AttemptStatus::Open => "pending",
        AttemptStatus::Failed => "failed",
        AttemptStatus::Paid => "paid",
        AttemptStatus::Returning => "returning",
        AttemptStatus::Refunded => "refunded",
        AttemptStatus::Unmatched => "review",
    }
}
