use std::fmt;

use serde_json::{Value, json};

use crate::client::Paystack;
use crate::error::PaystackError;
use crate::fields::Fields;

/// A way of paying that the payment page may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Paystack's own")]
pub enum Channel {
    Card,
    Bank,
    Ussd,
    Qr,
    MobileMoney,
    BankTransfer,
    Eft,
    ApplePay,
}

impl Channel {
    /// The channel in Paystack's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::Ussd => "ussd",
            Self::Qr => "qr",
            Self::MobileMoney => "mobile_money",
            Self::BankTransfer => "bank_transfer",
            Self::Eft => "eft",
            Self::ApplePay => "apple_pay",
        }
    }
}

/// A transaction to be started. The e-mail address does not print.
#[derive(Clone, Copy)]
pub struct Initialize<'a> {
    /// The customer's address.
    pub email: &'a str,
    /// Subunits (kobo), more than zero; NGN 50.00 is Paystack's least.
    pub amount: i64,
    /// ISO 4217, always sent.
    pub currency: &'a str,
    /// Letters, digits, `-`, `.` and `=`; unique for ever. Spent by this call even if unpaid.
    pub reference: &'a str,
    /// Where the browser returns to, absolute. The visit proves nothing.
    pub callback_url: Option<&'a str>,
    /// The ways of paying to offer; empty means all that are enabled.
    pub channels: &'a [Channel],
    /// Comes back in answers and webhooks.
    pub metadata: Option<&'a Value>,
}

impl fmt::Debug for Initialize<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initialize")
            .field("amount", &self.amount)
            .field("currency", &self.currency)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// A transaction that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialized {
    /// The payment page, on a host that [`Paystack::checkout_host_allowed`] allows. It cannot be
    /// asked for again.
    pub authorization_url: String,
    /// The same for the browser library.
    pub access_code: String,
    /// The caller's reference.
    pub reference: String,
}

impl Paystack {
    /// Starts a transaction for the payment page (`POST /transaction/initialize`). Sent at most
    /// once. After an unclear error or [`PaystackError::DuplicateReference`]: verify the same
    /// reference; its page cannot be had again, so a new attempt needs a new reference.
    ///
    /// # Errors
    /// See [`PaystackError`]; `Undecodable` also if the answer is about another reference or its
    /// page is not on an allowed host.
    pub async fn initialize(&self, new: &Initialize<'_>) -> Result<Initialized, PaystackError> {
        let mut body = json!({
            "email": new.email,
            "amount": new.amount,
            "currency": new.currency,
            "reference": new.reference,
        });
        if let Some(url) = new.callback_url {
            body["callback_url"] = url.into();
        }
        if !new.channels.is_empty() {
            body["channels"] = new
                .channels
                .iter()
                .map(|channel| channel.as_str())
                .collect();
        }
        if let Some(metadata) = new.metadata {
            body["metadata"] = metadata.clone();
        }
        let limit = self.limits.initialize;
        let payload = self.post("/transaction/initialize", &body, limit).await?;
        self.initialized(Fields(&payload.data), new.reference)
    }

    fn initialized(&self, data: Fields<'_>, expected: &str) -> Result<Initialized, PaystackError> {
        let answer = Initialized {
            authorization_url: data.required_text("authorization_url")?,
            access_code: data.required_text("access_code")?,
            reference: data.required_text("reference")?,
        };
        if answer.reference != expected {
            return Err(PaystackError::Undecodable {
                what: "another reference than the one sent",
            });
        }
        if !self.checkout_host_allowed(&answer.authorization_url) {
            return Err(PaystackError::Undecodable {
                what: "a payment page on a foreign host",
            });
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_customers_address_does_not_print() {
        let new = Initialize {
            email: "demo@test.com",
            amount: 1,
            currency: "NGN",
            reference: "r",
            callback_url: None,
            channels: &[],
            metadata: None,
        };
        assert!(!format!("{new:?}").contains("demo@test.com"));
    }
}
