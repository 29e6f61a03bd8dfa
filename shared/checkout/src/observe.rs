//! What the provider says, in the shop's words.

use domain::{Captured, Fault, Kind, Mode, Observation};
use paystack::{PaystackError, Transaction, TransactionStatus};

/// The provider could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
#[error("the payment provider could not be asked")]
pub struct ProviderError(#[from] pub PaystackError);

impl Fault for ProviderError {
    fn kind(&self) -> Kind {
        match &self.0 {
            PaystackError::Refused { .. } => Kind::Conflict,
            PaystackError::NotFound => Kind::NotFound,
            PaystackError::DuplicateReference => Kind::Conflict,
            // A key that is not accepted is being rotated, or somebody must look: try again.
            PaystackError::Unauthorized
            | PaystackError::RateLimited { .. }
            | PaystackError::Unclear { .. }
            | PaystackError::Unreachable { .. }
            | PaystackError::Undecodable { .. } => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        "payment_provider"
    }
}

/// Asks the provider, and measures it. A refusal of what was asked is an answer.
pub(crate) async fn ask<T>(
    operation: &'static str,
    call: impl Future<Output = Result<T, PaystackError>>,
) -> Result<T, PaystackError> {
    telemetry::call("paystack", operation, cannot_serve, call).await
}

fn cannot_serve(error: &PaystackError) -> bool {
    match error {
        PaystackError::Unauthorized
        | PaystackError::RateLimited { .. }
        | PaystackError::Unclear { .. }
        | PaystackError::Unreachable { .. }
        | PaystackError::Undecodable { .. } => true,
        PaystackError::Refused { .. }
        | PaystackError::NotFound
        | PaystackError::DuplicateReference => false,
    }
}

/// The shop's mode for the provider's.
pub(crate) const fn mode(mode: paystack::Mode) -> Mode {
    match mode {
        paystack::Mode::Test => Mode::Test,
        paystack::Mode::Live => Mode::Live,
    }
}

/// What a verified transaction says.
pub(crate) fn observation(transaction: &Transaction) -> Observation {
    match &transaction.status {
        TransactionStatus::Success => Observation::Captured(captured(transaction)),
        // Reversed before we ever saw it succeed: the money came and went.
        TransactionStatus::Failed | TransactionStatus::Reversed => Observation::Failed {
            reason: transaction
                .gateway_response
                .clone()
                .unwrap_or_else(|| transaction.status.as_str().to_owned()),
        },
        TransactionStatus::Abandoned
        | TransactionStatus::Ongoing
        | TransactionStatus::Pending
        | TransactionStatus::Processing
        | TransactionStatus::Queued
        | TransactionStatus::Unknown(_) => Observation::Open,
    }
}

pub(crate) fn captured(transaction: &Transaction) -> Captured {
    Captured {
        reference: transaction.reference.clone(),
        amount: transaction.amount,
        requested_amount: transaction.requested_amount,
        fees: transaction.fees,
        currency: transaction.currency.clone(),
        mode: transaction.mode.map(mode),
    }
}

/// The provider's id as Postgres keeps it. Its ids are far below 2^63.
pub(crate) fn stored_id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
