//! Attempts to pay, and money on its way back.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use crate::status::moves;
use crate::text::worded;
use crate::{Fault, Kind};

worded! {
    /// How the customer wants to pay.
    pub enum Channel {
        /// On the provider's page, by card or whatever else it offers there.
        Card = "card",
        /// By transfer to an account made for this one payment.
        BankTransfer = "bank_transfer",
        /// By dialling a code.
        Ussd = "ussd",
        /// To the rider.
        OnDelivery = "on_delivery",
    }
}

worded! {
    /// Whether money is real. A payment made in the other mode credits nothing.
    pub enum Mode {
        /// Play money.
        Test = "test",
        /// Real money.
        Live = "live",
    }
}

worded! {
    /// What is known of one attempt to pay.
    pub enum AttemptStatus {
        /// Recorded; the provider does not know it yet, or its answer was lost.
        Created = "created",
        /// The provider waits for the payer.
        Open = "open",
        /// The provider said that it failed; a payer may still turn it to success.
        Failed = "failed",
        /// Money came and was credited to the order.
        Paid = "paid",
        /// Money came that the order cannot keep; it is going back.
        Returning = "returning",
        /// Money came and all of it went back.
        Refunded = "refunded",
        /// Money came in another currency or mode: credited nowhere, staff decide.
        Unmatched = "unmatched",
    }
}

moves!(AttemptStatus {
    Created => [Open, Failed, Paid, Returning, Unmatched],
    Open => [Failed, Paid, Returning, Unmatched],
    Failed => [Open, Paid, Returning, Unmatched],
    Paid => [Refunded],
    Returning => [Refunded],
    Refunded => [],
    Unmatched => [Paid, Returning, Refunded],
});

impl AttemptStatus {
    /// Whether the provider's word is still worth asking for.
    #[must_use]
    pub const fn is_unsettled(self) -> bool {
        matches!(self, Self::Created | Self::Open | Self::Failed)
    }
}

worded! {
    /// Why money goes back.
    pub enum RefundReason {
        /// A second attempt was paid as well.
        Duplicate = "duplicate",
        /// It came after the order had expired or was cancelled, and the stock was gone.
        Late = "late",
        /// Staff decided.
        Staff = "staff",
    }
}

worded! {
    /// What is known of a refund.
    pub enum RefundStatus {
        /// Decided; the provider does not know it yet.
        Requested = "requested",
        /// The provider was asked; its answer is not known. It is looked up before asking again.
        Sending = "sending",
        /// The provider has it.
        Pending = "pending",
        /// The payer has, or will shortly have, the money.
        Processed = "processed",
        /// The provider could not do it: staff must.
        Failed = "failed",
        /// The provider needs the payer's account details: staff must ask.
        NeedsAttention = "needs_attention",
    }
}

moves!(RefundStatus {
    Requested => [Sending],
    Sending => [Requested, Pending, Processed, Failed, NeedsAttention],
    Pending => [Processed, Failed, NeedsAttention],
    Processed => [Failed],
    Failed => [Sending],
    NeedsAttention => [Pending, Processed, Failed],
});

/// Our own name of an attempt at the provider: `mr-` and a hyphenated lower-case UUID, 39
/// characters, legal wherever Paystack takes a reference (reference/paystack.md §1.8). Every one
/// stays mapped to its order for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PaymentReference(String);

/// Not one of our references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a payment reference of this shop")]
pub struct PaymentReferenceError;

impl Fault for PaymentReferenceError {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }

    fn code(&self) -> &'static str {
        "not_found"
    }
}

impl PaymentReference {
    /// A new reference. Its UUID is random throughout: with it a payment's state can be asked for.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("mr-{}", Uuid::new_v4().hyphenated()))
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PaymentReference {
    type Err = PaymentReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = text.strip_prefix("mr-").ok_or(PaymentReferenceError)?;
        let parsed = Uuid::try_parse(uuid).map_err(|_| PaymentReferenceError)?;
        if parsed.hyphenated().to_string() == uuid {
            Ok(Self(text.to_owned()))
        } else {
            Err(PaymentReferenceError)
        }
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_legal_for_every_call_of_the_provider() {
        let reference = PaymentReference::random();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!((16..=50).contains(&reference.as_str().len()));
        assert!(reference.as_str().chars().all(legal));
        assert_eq!(reference.as_str().parse(), Ok(reference));
    }

    #[test]
    fn foreign_references_are_told_apart() {
        for text in [
            "",
            "mr-",
            "qTPrJoy9Bx",
            "mr-00000000000000000000000000000000",
        ] {
            assert!(text.parse::<PaymentReference>().is_err(), "{text}");
        }
        let upper = PaymentReference::random().as_str().to_uppercase();
        assert!(upper.parse::<PaymentReference>().is_err());
    }
}
