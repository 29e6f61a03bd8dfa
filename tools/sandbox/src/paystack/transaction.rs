//! A transaction and what is known of it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

/// Who pays; one for each e-mail address.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) email: String,
}

/// A one-time account number that a bank transfer pays into.
#[derive(Debug, Clone)]
pub(crate) struct VirtualAccount {
    pub(crate) number: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// How the payer pays.
#[derive(Debug, Clone)]
pub(crate) enum Channel {
    /// On the payment page; the first channel that the shop allowed (`card` when it named none).
    Hosted(String),
    /// `POST /charge` with `bank_transfer`.
    BankTransfer(VirtualAccount),
    /// `POST /charge` with `ussd`: the code to dial.
    Ussd(String),
}

impl Channel {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Hosted(name) => name,
            Self::BankTransfer(_) => "bank_transfer",
            Self::Ussd(_) => "ussd",
        }
    }
}

/// Money that moved. Amounts are subunits of the currency (kobo for NGN).
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) paid_at: DateTime<Utc>,
    pub(crate) sender_name: Option<String>,
}

/// Where a transaction stands.
#[derive(Debug, Clone)]
pub(crate) enum Status {
    /// Not paid (yet); what Paystack calls it depends on the channel.
    Open,
    /// The last try failed, for this reason; the payer may try again.
    Failed(&'static str),
    Paid(Capture),
    /// Paid, then refunded in full.
    Reversed(Capture),
}

/// A card of Paystack's test page (§11): what happens to a payment with it, and to its refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestCard {
    Good,
    Declined,
    InsufficientFunds,
    RefundFails,
    RefundNeedsAttention,
}

impl TestCard {
    /// The card of a number; one that is not on the test page is good.
    pub(crate) fn of(number: &str) -> Self {
        match number {
            "4084080000005408" => Self::Declined,
            "4084080000670037" => Self::InsufficientFunds,
            "4084080000671803" => Self::RefundFails,
            "4084080000671902" => Self::RefundNeedsAttention,
            _ => Self::Good,
        }
    }

    /// Why a payment with it fails, if it does.
    pub(crate) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some("Declined"),
            Self::InsufficientFunds => Some("Insufficient Funds"),
            Self::Good | Self::RefundFails | Self::RefundNeedsAttention => None,
        }
    }
}

/// A transaction.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) reference: String,
    pub(crate) access_code: String,
    pub(crate) customer: Customer,
    /// What the shop asked for, in subunits of `currency`.
    pub(crate) requested: i64,
    pub(crate) currency: String,
    pub(crate) channel: Channel,
    pub(crate) callback_url: Option<Url>,
    pub(crate) metadata: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) status: Status,
    pub(crate) attempts: u32,
    pub(crate) card: TestCard,
}

impl Transaction {
    pub(crate) fn capture(&self) -> Option<&Capture> {
        match &self.status {
            Status::Paid(capture) | Status::Reversed(capture) => Some(capture),
            Status::Open | Status::Failed(_) => None,
        }
    }

    /// Paystack's word for where it stands. An account that waits for its transfer is `ongoing`
    /// until it expires; anything else not paid is `abandoned` from the beginning.
    pub(crate) fn status_word(&self, now: DateTime<Utc>) -> &'static str {
        match (&self.status, &self.channel) {
            (Status::Paid(_), _) => "success",
            (Status::Reversed(_), _) => "reversed",
            (Status::Failed(_), _) => "failed",
            (Status::Open, Channel::BankTransfer(account)) if now < account.expires_at => "ongoing",
            (Status::Open, Channel::Ussd(_)) => "ongoing",
            (Status::Open, Channel::BankTransfer(_) | Channel::Hosted(_)) => "abandoned",
        }
    }

    pub(crate) fn gateway_response(&self) -> &'static str {
        match &self.status {
            Status::Open => "The transaction was not completed",
            Status::Failed(reason) => reason,
            Status::Paid(_) | Status::Reversed(_) => "Successful",
        }
    }

    /// What was charged, or asked as long as nothing was.
    pub(crate) fn amount(&self) -> i64 {
        self.capture()
            .map_or(self.requested, |capture| capture.amount)
    }

    /// The currency that was charged, or asked as long as nothing was.
    pub(crate) fn charged_currency(&self) -> &str {
        self.capture()
            .map_or(&self.currency, |capture| &capture.currency)
    }

    /// Where the payer goes who cancels (`metadata.cancel_action`).
    pub(crate) fn cancel_url(&self) -> Option<Url> {
        Url::parse(self.metadata.as_ref()?.get("cancel_action")?.as_str()?).ok()
    }
}

/// Paystack's fee for a local payment, in kobo (§12): 1.5 %, plus 100 naira from 2,500 naira on, at
/// most 2,000 naira.
pub(crate) fn fee(amount: i64) -> i64 {
    let share = amount.saturating_mul(15).saturating_add(999) / 1_000;
    let flat = if amount >= 250_000 { 10_000 } else { 0 };
    share.saturating_add(flat).min(200_000)
}

#[cfg(test)]
mod tests {
    use super::fee;

    #[test]
    fn fees_are_those_of_the_price_list() {
        assert_eq!(fee(25_000), 375);
        assert_eq!(fee(250_000), 13_750);
        assert_eq!(fee(1), 1);
        assert_eq!(fee(100_000_000), 200_000);
    }
}
