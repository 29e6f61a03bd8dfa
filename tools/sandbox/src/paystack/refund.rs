//! A refund and what is known of it.

use chrono::{DateTime, Utc};

/// Where a refund stands (§6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundStatus {
    Pending,
    Processing,
    Processed,
    Failed,
    NeedsAttention,
}

impl RefundStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }
}

/// Money on its way back to a payer.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: u64,
    pub(crate) transaction_id: u64,
    pub(crate) transaction_reference: String,
    pub(crate) email: String,
    /// In subunits of `currency`, which is the currency that was charged.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) channel: String,
    pub(crate) status: RefundStatus,
    pub(crate) customer_note: String,
    pub(crate) merchant_note: String,
    /// The processor's reference, known once it has worked on the refund.
    pub(crate) refund_reference: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}
